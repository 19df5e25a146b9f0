"""Writes recipients.csv, the input of `smsgw demo`: python examples/make_recipients.py

Always the same file, made from a seed. All numbers are made up: the British ones are Ofcom's and the German ones the
Bundesnetzagentur's for films; elsewhere, where no such range is set aside, a subscriber's number begins with 000 or 00.
"""

import csv
import random
from collections.abc import Callable, Iterator
from pathlib import Path

ROWS = 4000
SHARE_OF_WRONG = 0.03
SHARE_OF_PERSONAL = 0.2

Random = random.Random

LATIN = (
    "Sale: 20% off everything until Sunday. Reply STOP to unsubscribe.",
    "Your parcel is on its way and arrives tomorrow between 9 and 18.",
    "The service centre is closed on Monday, 12 June.",
)
LATIN_LONG = (
    (
        "Dear customer, our tariffs change on 1 July: calls at home stay as they are, one gigabyte in roaming now costs "
        "half as much, and unused minutes are carried over to the next month. Nothing needs to be done; details are on "
        "our site."
    ),
)
CYRILLIC = (
    "Скидка 20% на всё до воскресенья. Чтобы отписаться: СТОП.",
    "Ваш заказ передан курьеру, ждите его завтра с 9 до 18.",
    "В понедельник, 12 июня, сервисный центр не работает.",
)
CYRILLIC_LONG = (
    (
        "Уважаемый клиент! С 1 июля меняются тарифы: звонки по стране остаются прежними, гигабайт в роуминге вдвое "
        "дешевле, а неиспользованные минуты переносятся на следующий месяц. Ничего делать не нужно, подробности на сайте."
    ),
)
GEORGIAN = (
    "ფასდაკლება 20% კვირამდე.",
    "თქვენი ამანათი ხვალ ჩამოვა 9-დან 18-მდე.",
)
GEORGIAN_IN_LATIN = (
    "Fasdakleba 20% kviramde. Gauqmeba: STOP.",
    "Tqveni amanati khval chamova 9-dan 18-mde.",
)

NAMES = {
    "7": ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Иван", "Ольга", "Пётр"),
    "995": ("ნინო", "გიორგი", "Tamar", "Levan", "ანა", "Irakli"),
    "": ("Alice", "Bob", "Carol", "Dieter", "Erika", "Frank", "Олена", "Alesia"),
}

PERSONAL = {
    "7": (
        "Код {code}. Никому его не сообщайте.",
        "{name}, ваш заказ {code} готов к выдаче.",
        "Your code is {code}.",
    ),
    "995": ("Your code is {code}.", "თქვენი კოდია {code}.", "{name}, your order {code} is ready."),
    "": ("Your code is {code}.", "{name}, your order {code} is ready."),
}

EQUAL = {
    "7": (*CYRILLIC, *CYRILLIC, *CYRILLIC_LONG, LATIN[0]),
    "995": (*GEORGIAN_IN_LATIN, *GEORGIAN_IN_LATIN, *GEORGIAN),
    "": (*LATIN, *LATIN, *LATIN_LONG),
}

WRONG: tuple[Callable[[str], str], ...] = (
    lambda number: f"+{number} (work)",
    lambda number: number[:5],
    lambda number: f"+{number}, +{number[:-1]}{(int(number[-1]) + 1) % 10}",
    lambda number: f"8{number[1:]}99999",
    lambda number: f"{number}.0",
    lambda number: f"00{number}",
    lambda _: "",
    lambda number: f"{number[:4]}O{number[5:]}",
)


def russian(rng: Random) -> str:
    return f"79{rng.choice(('03', '05', '16', '26', '61', '85'))}000{rng.randrange(10_000):04}"


def georgian(rng: Random) -> str:
    return f"9955{rng.choice(('51', '77', '91', '93', '95', '99'))}00{rng.randrange(10_000):04}"


def elsewhere(rng: Random) -> str:
    country = rng.choice(("44", "49", "380", "375"))
    if country == "44":
        return f"447700900{rng.randrange(1000):03}"
    if country == "49":
        return f"4917139200{rng.randrange(100):02}"
    if country == "380":
        return f"380{rng.choice(('50', '67', '93'))}000{rng.randrange(10_000):04}"
    return f"375{rng.choice(('29', '33', '44'))}000{rng.randrange(10_000):04}"


def written(number: str, country: str, rng: Random) -> str:
    """A number as somebody might have typed it."""
    if country == "7":
        area, a, b, c = number[1:4], number[4:7], number[7:9], number[9:]
        forms = (
            number,
            f"+{number}",
            f"+7 ({area}) {a}-{b}-{c}",
            f"+7 {area} {a} {b} {c}",
            f"7-{area}-{a}-{b}-{c}",
        )
    elif country == "995":
        area, a, b, c = number[3:6], number[6:8], number[8:10], number[10:]
        forms = (
            number,
            f"+{number}",
            f"995 {area} {a} {b} {c}",
            f"+995 {area} {a}{b}{c}",
            f"(+995) {area}-{a}-{b}-{c}",
        )
    else:
        forms = (number, f"+{number}", f"+{number[:2]} {number[2:6]} {number[6:]}")
    return rng.choice(forms)


def rows(rng: Random) -> Iterator[tuple[str, str, str]]:
    """Phone, name and text; no number has the same text twice."""
    seen: set[tuple[str, str]] = set()
    while len(seen) < ROWS:
        country, make = rng.choices((("7", russian), ("995", georgian), ("", elsewhere)), (56, 20, 24))[0]
        number, name = make(rng), rng.choice(NAMES[country])
        if rng.random() < SHARE_OF_PERSONAL:
            code = rng.randrange(1000, 10_000)
            text = rng.choice(PERSONAL[country]).format(code=code, name=name)
        else:
            text = rng.choice(EQUAL[country])
        if (number, text) in seen:
            continue
        seen.add((number, text))
        if rng.random() < SHARE_OF_WRONG:
            yield rng.choice(WRONG)(number), name, text
        else:
            yield written(number, country, rng), name, text


def main() -> None:
    path = Path(__file__).with_name("recipients.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("phone", "name", "text"))
        writer.writerows(rows(random.Random(20_240_607)))  # noqa: S311 - a file to be the same each time, no secret
    print(f"{path.name}: {ROWS} rows")


if __name__ == "__main__":
    main()
