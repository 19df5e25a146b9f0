"""translit.py: sentences as subscribers would read them, and what must stay as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsgw.segments import is_gsm7
from smsgw.translit import to_latin

RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
GEORGIAN = "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ"


def test_russian_is_the_passports() -> None:
    """Every Russian letter is the one of ICAO Doc 9303's table, in both cases."""
    latin = "a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch ie y - e iu ia".replace(
        "-", ""
    ).split(" ")
    assert [to_latin(letter) for letter in RUSSIAN] == latin
    assert [to_latin(letter) for letter in RUSSIAN.upper()] == [letters.capitalize() for letters in latin]


def test_georgian_is_the_national_system() -> None:
    """Every Georgian letter is the one of the national system of 2002, with its apostrophes."""
    national = "a b g d e v z t i k' l m n o p' zh r s t' u p k gh q' sh ch ts dz ts' ch' kh j h"
    latin = national.split(" ")
    assert [to_latin(letter) for letter in GEORGIAN] == latin
    assert [to_latin(letter) for letter in GEORGIAN.upper()] == [letters.upper() for letters in latin]


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        (
            "Ваш код подтверждения: 1234. Никому его не сообщайте!",
            "Vash kod podtverzhdeniia: 1234. Nikomu ego ne soobshchaite!",
        ),
        (
            "Юлия, съешь ещё этих мягких французских булок из Йошкар-Олы, да выпей алтайского чаю",
            "Iuliia, sieesh eshche etikh miagkikh frantsuzskikh bulok iz Ioshkar-Oly, da vypei altaiskogo chaiu",
        ),
        ("«Заказ» №5 — готов… Ждём Вас!", '"Zakaz" No5 - gotov... Zhdem Vas!'),
        ("თქვენი კოდია 1234", "tkveni k'odia 1234"),
        ("ჭიანჭველა ბაყაყს ესტუმრა", "ch'ianch'vela baq'aq's est'umra"),
        ("ამბროლაურის მუნიციპალიტეტი", "ambrolauris munitsip'alit'et'i"),
        ("ᲗᲑᲘᲚᲘᲡᲘ, შოთა რუსთაველის 12", "TBILISI, shota rustavelis 12"),
        ("Скидка 20% в ТБИЛИСИ / თბილისში", "Skidka 20% v TBILISI / tbilisshi"),
        ("Їжак і єнот: ґанок, Україна", "Izhak i ienot: ganok, Ukraina"),
        ("Беларусь: воўк і ЎСЁ", "Belarus: vouk i USE"),
    ],
)
def test_sentences(text: str, latin: str) -> None:
    """A sentence reads as its language's standard writes it."""
    assert to_latin(text) == latin


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        ("Щука", "Shchuka"),
        ("ЩУКА", "SHCHUKA"),
        ("щука", "shchuka"),
        ("БОРЩ", "BORSHCH"),
        ("Борщ", "Borshch"),
        ("ЖКХ", "ZHKKH"),
        ("Я", "Ia"),
        ("Я ЕМ, Юра Ест", "Ia EM, Iura Est"),
        ("ЯНДЕКС и Яндекс", "IANDEKS i Iandeks"),
        ("НЬЮ-ЙОРК", "NIU-IORK"),
        ("ОБЪЕКТ", "OBIEEKT"),
        ("ПОДЪЕЗД 5Я", "PODIEEZD 5Ia"),
        ("ООО «ЮГ»", 'OOO "IUG"'),
        ("IPЦ", "IPTS"),
        ("ЦVs", "TSVs"),
        ("ВЖух", "VZhukh"),
        ("яЯ", "iaIa"),
        ("Ж/Д", "Zh/D"),
        ("ЄС і Європа", "IES i Ievropa"),
    ],
)
def test_capitals_of_several_letters(text: str, latin: str) -> None:
    """A capital written with several letters is shouted only among capitals."""
    assert to_latin(text) == latin


@pytest.mark.parametrize(
    ("text", "ascii_text"),
    [
        ("«“”„‟″", '""""""'),
        ("‘’‚‛‹›ʼ′", "''''''''"),
        ("‐‑‒–—―−", "-------"),
        ("a…", "a..."),
        ("№ 7", "No 7"),
        ("1\u00a0000\u202f000\u2009₽", "1 000 000 ₽"),
        ("сло\u00adво\u200b\ufeff\u2060", "slovo"),
    ],
)
def test_typographic_signs_become_ascii(text: str, ascii_text: str) -> None:
    """Typographic punctuation and blanks, each of which alone forces UCS-2, become ASCII."""
    assert to_latin(text) == ascii_text


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        ("И\u0306од", "Iod"),
        ("е\u0308ж и Е\u0308Ж", "ezh i EZH"),
        ("Щ\u0301УКА", "SHCHUKA"),
        ("за\u0301мок и замо\u0301к", "zamok i zamok"),
        ("І\u0308жак", "Izhak"),
    ],
)
def test_marks_over_cyrillic_letters_are_dropped(text: str, latin: str) -> None:
    """Letters in two parts, as macOS copies them, and stress marks are read as their letters."""
    assert to_latin(text) == latin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Plain ASCII, 100% `as` it is\n",
        "café £5 ñ",
        "cafe\u0301",
        "日本",
        "👨\u200d👩\u200d👧 ❤\ufe0f",
        "₾ ₽ €",
        "ђ ћ қ",
        "\ud800",
    ],
)
def test_other_characters_stay(text: str) -> None:
    """What is neither Russian, Georgian nor typography is left as it is, emoji whole."""
    assert to_latin(text) == text


@given(
    st.text(
        RUSSIAN
        + RUSSIAN.upper()
        + GEORGIAN
        + GEORGIAN.upper()
        + "іїєґўІЇЄҐЎ«»“”„’‘–—…№\u00a0 .,!?0123456789\n"
    )
)
def test_everything_written_here_fits_gsm7(text: str) -> None:
    """Any text of Russian, Georgian and typography becomes ASCII that GSM-7 can write, and stays so."""
    latin = to_latin(text)
    assert latin.isascii()
    assert is_gsm7(latin)
    assert to_latin(latin) == latin


@given(st.text(RUSSIAN + "іїєґў abcz-1"))
def test_case_never_changes_the_letters(text: str) -> None:
    """Shouting a text changes the case of its Latin and nothing else."""
    assert to_latin(text.upper()).lower() == to_latin(text)


def test_work_is_linear() -> None:
    """Megabytes are written within a second or two; anything quadratic would take hours."""
    assert to_latin("ЩЯ" * 500_000) == "SHCHIA" * 500_000
    assert to_latin("е" + "\u0301" * 1_000_000) == "e"
