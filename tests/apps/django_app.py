"""The git tokens of an organization, in a small Django project."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import path, register_converter

from tests.apps.store import Refused, Store

store = Store()


class AnyCase:
    """Django's own converter takes small letters only."""

    regex = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    to_python = uuid.UUID
    to_url = str


def view(**methods: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    def handle(request: HttpRequest, organization: uuid.UUID, **ids: uuid.UUID) -> HttpResponse:
        try:
            store.authorize(request.headers.get("Authorization", ""), organization)
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            return methods[request.method](request, **ids)
        except Refused as error:
            return JsonResponse({"detail": str(error)}, status=error.status)

    return handle


def listing(_: HttpRequest) -> HttpResponse:
    return JsonResponse(store.all())


def create(request: HttpRequest) -> HttpResponse:
    return JsonResponse(store.create(request.headers.get("Content-Type", ""), request.body), status=201)


def show(_: HttpRequest, id: uuid.UUID) -> HttpResponse:
    return JsonResponse(store.get(id))


def edit(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    return JsonResponse(store.edit(id, request.headers.get("Content-Type", ""), request.body))


def delete(_: HttpRequest, id: uuid.UUID) -> HttpResponse:
    store.delete(id)
    return HttpResponse(status=204)


def services(_: HttpRequest, id: uuid.UUID) -> HttpResponse:
    store.get(id)
    return JsonResponse({"results": []})


@functools.cache
def configure() -> None:
    settings.configure(SECRET_KEY="made up", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[])
    register_converter(AnyCase, "id")


configure()
ROOT = "organization/<id:organization>/gitToken"
urlpatterns = [
    path(ROOT, view(GET=listing, POST=create)),
    path(f"{ROOT}/<id:id>", view(GET=show, PUT=edit, DELETE=delete)),
    path(f"{ROOT}/<id:id>/associatedServices", view(GET=services)),
]
app = get_wsgi_application()
