"""What the schema alone cannot aim at: text that breaks parsers, databases and terminals, lengths around the
boundaries of storage, and addresses of every form."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from ..contract.contract import Contract
from ..contract.fields import kind

# Each line goes into one value: single characters and sequences that mean something to a parser, a shell, a template
# engine, a database, a spreadsheet or a browser, and scripts, signs and marks that encodings, fonts and
# normalization trip over.
FUSED = (
    "a'b\"c`d\\e/f|g;h&i<j>k,l.m:n?o!p@q#r^s*t(u)v[w]x{y}z=1+2-3_4~5",
    "a%b %s %d %n ... %20 %00 %2F %c3%a9 &amp; &lt;b&gt; &#39; \\n \\u0041 \\x41 \\0 $1 \\1",
    "${x} $x $(id) `id` #{x} {{7*7}} {% x %} <%= x %> <script>x</script> <!--x--> ]]> /*x*/ -- x ' OR '1'='1'; DROP",
    "àéîõü ñ ç ß ø Ł Đ ı İ ſ Ω Ω Å Å ﬁ ½ ² ™ € £ ¥ § ¶ « » ‘x’ “x” – — … · ª º ¿ ¡ ÿ",
    "e\u0301 a\u030a o\u0308\u0323 \u1100\u1161\u11a8 각 がか\u3099 ｶﾞ Ａ１",
    "Ελληνικά Кириллица עברית العربية فارسی‌ها हिन्दी বাংলা தமிழ் ไทย ລາວ မြန်မာ ქართული Հայերեն አማርኛ ខ្មែរ བོད་",
    "中文 汉字 漢字 日本語 かな カナ 한국어 Việt 𠀀𠮷 ㊙ 々 〆",
    "😀 🎉 👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 🇫🇷 ❤️ 1️⃣ 𝕏 𝟘 🀄 ☃ ✓ \ufffd",
    "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u200eh\u200fi\u202ej\u202ck\u2066l\u2069m",
    "a\u00a0b\u2003c\u3000d\u2028e\u2029f\u1680g\u202fh",
    "https://user.example.com/a/../b?c=d&e=f#g ../../etc/hosts C:\\temp a@b.example *.txt ~/x",
    "$HOME %PATH% **b** __i__ [a](b) :x: #1 1B7D9E30-8F21-4D6C-B1A4-2E9F70C35A64",
)

# Each of these is a value of its own: what it is, or where something stands in it, is what matters.
WHOLE = (
    "null",
    "NaN",
    "undefined",
    "true",
    "false",
    "0",
    "42",
    "0123",
    "1.50",
    "1e5",
    "2026-01-15",
    "2026-01-15T09:30:00Z",
    "{}",
    '"quoted"',
    " begins with a space",
    "two  spaces inside and at the end  ",
    "MiXeD Case And UPPER",
    "=1+1",
    "\\",
    "😀",
    "\\\\two\\\\at its beginning, and at its end\\",
    "\ufeffbegins with a mark",
    "\u00a0no-break space at both ends\u00a0",
    "\u0301begins with a combining mark",
)

# What passes for nothing where a text is taken for what it may be in some language.
FALSY = ("null", "false", "0")

URIS = (
    "http://git.example.com",
    "https://git.example.com/",
    "https://git.example.com:8443/api/v4/",
    "https://GitLab.Example.COM/API",
    "http://localhost:3000?a=b",
    "http://192.0.2.1:65535",
    "http://[2001:db8::1]/api",
    "https://[::1]:8443",
    "https://octocorp.ghe.com",
    "HTTPS://git.example.com/api",
    f"https://{'.'.join(['label'] * 28)}.example.com",
    "https://xn--bcher-kva.example/api",
    "https://git.example.com/a%20b/%C3%a9?q=1&r=a%26b",
    "https://git.example.com/a;b=c/(d)/e'f/~g/@h:i/!$&*+,=",
    "https://git.example.com//double//slashes",
    "https://git.example.com/a/./b/../c",
    "https://git.example.com:443/api",
    "https://a-b.c-d.example.museum/x",
)


def uris(contract: Contract, field: str) -> list[str]:
    """The addresses of above, and two of the greatest lengths, that every server has to take as `field`."""
    greatest = contract.resource.fields[field].bound("maxLength", 255)
    long = [f"https://git.example.com/{'a' * length}"[:length] for length in (256, greatest - 1, greatest)]
    return [uri for uri in (*URIS, *long) if contract.must_accept(field, uri)]


# Where storage ends; what is cut at another length is so at the greatest as well.
BOUNDARIES = (2, 33, 64, 128, 191, 256, 500, 512)
# One, two, three and four bytes of UTF-8.
WIDTHS = ("a", "é", "漢", "😀")


def texts(contract: Contract, field: str) -> list[str]:
    """The texts of above that every server has to take as `field`."""
    return [text for text in (*FUSED, *WHOLE) if contract.must_accept(field, text)]


def lengths(contract: Contract, field: str) -> list[str]:
    """Texts of the boundary lengths that must be accepted; those of the greatest length in every width."""
    greatest = contract.resource.fields[field].bound("maxLength", 255)
    known = [length for length in BOUNDARIES if length < greatest]
    width = cycle(WIDTHS)
    values = [_filled(next(width), length) for length in known]
    values += [_filled("a", greatest - 1), *(_filled(each, greatest) for each in WIDTHS)]
    # Where not any character will do, letters may.
    values = [each if contract.must_accept(field, each) else _lettered(len(each)) for each in values]
    return [value for value in dict.fromkeys(values) if contract.must_accept(field, value)]


def _lettered(length: int) -> str:
    return f"b{'a' * (length - 2)}c"


def _filled(character: str, length: int) -> str:
    """A text whose beginning and end differ from its middle, so that a cut shows at either."""
    return character * length if length < 3 else f"<{character * (length - 2)}>"


def text_fields(contract: Contract) -> list[str]:
    """The request's fields that hold free text."""
    return list(contract.resource.of_kind("text"))


def free_fields(contract: Contract) -> list[str]:
    """Those that are no secret, not within another field, and take any character."""
    names = contract.resource.of_kind("text", secret=False)
    return [name for name in names if "." not in name and contract.must_accept(name, 'é"\\/😀\u2028')]


def others(contract: Contract, field: str) -> list[Any]:
    """Values of a field that is neither free text nor an address: the ends of what it may hold, and what is odd."""
    about = contract.resource.fields[field]
    values: list[Any] = []
    match about.kind:
        case "choice":
            values = about.choices
        case "flag":
            values = [True, False]
        case "integer" | "number":
            ends = [about.bound("minimum", -(2**31)), about.bound("maximum", 2**31 - 1)]
            values = [
                *ends,
                ends[0] + 1,
                ends[1] - 1,
                0,
                1,
                -1,
                255,
                65_535,
                *([0.5, 1e-3, 99.25] * (about.kind == "number")),
            ]
        case "date":
            values = ["2026-01-15", "2028-02-29", "1999-12-31", "2099-12-31"]
        case "date-time":
            values = [
                "2027-01-15T09:30:00Z",
                "2028-02-29T23:59:59Z",
                "2030-06-01T12:00:00+05:30",
            ]
        case "list":
            values = _lists(about.schema)
    return [value for value in values if contract.must_accept(field, value)]


def _lists(schema: dict[str, Any]) -> list[list[Any]]:
    """Lists of no, few and all items, in two orders; of texts, with those that break parsers."""
    items = schema.get("items", {})
    every = list(items.get("enum", ())) or ([*FUSED, *WHOLE] if kind(items) == "text" else [])
    ends = (
        [["a"] * schema["maxItems"], [str(each) for each in range(schema["maxItems"])]] if "maxItems" in schema else []
    )
    # Few at a time, so that one that is lost or changed is seen.
    size = 1 if len(every) < 10 else 4
    alone = [every[start : start + size] for start in range(0, len(every), size)]
    return [[], *alone, every, every[::-1], every[:3], every[3:6], *ends]
