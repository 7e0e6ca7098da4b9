# The suite and the mock, neither of which needs to be root or to write anywhere but /tmp:
#
#   docker build --tag git-token .
#   docker run --rm --read-only --tmpfs /tmp --publish 127.0.0.1:8080:8080 git-token
#
# Any server outside of the suite's own container needs --live, as http://app:8080 of another one:
#
#   docker run --rm --read-only --tmpfs /tmp --env QOVERY_API_TOKEN … git-token conformance --live --base-url http://app:8080
FROM python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
COPY requirements.txt /suite/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement /suite/requirements.txt
COPY openapi/git-token.yaml /suite/openapi/
COPY conformance /suite/conformance
ENV PYTHONPATH=/suite PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp
WORKDIR /tmp
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 8080), 2).close()"]
ENTRYPOINT ["python", "-m"]
CMD ["conformance.mock", "--host", "0.0.0.0", "--port", "8080"]
