"""A filter for mail that learns: messages are parsed, taken apart into words, and judged by Bayes, Robinson and Fisher.

The package `email`, regular expressions, generators of words, dicts of counters, and logarithms. `run(n)` makes a mailbox, trains a
filter with some of it, judges n messages, from the first again after the last, and returns the verdicts in numbers and a sum of all scores.
"""

import email
import email.policy
import random
import re
import zlib
from email.message import EmailMessage
from math import exp, frexp, log

DEFAULT = 32_000
BENCH = 400

MESSAGES, TRAINING = 600, 200
SPAM_FROM, HAM_TO = 0.9, 0.2

SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu", "sha", "ther", "ing", "est", "al")
SUBJECTS = (
    ("Re: the meeting about {}", "{}", "[list] {} and patches", "Re: {}", "Have you seen {}?"),
    ("FREE {} inside!!!", "{}", "Cheap {}, no prescription", "Re: {}", "Have you seen {}?"),
)
HTML = (
    '<html><body bgcolor="#ffffff"><font size=+3 color=red>{title}</font><br>\n<a href="http://{host}/buy?id={number}">click here</a>\n'
    '<p>{text}</p>\n<!-- {hidden} --><img src="http://{host}/{number}.gif" width=1 height=1>&nbsp;&copy; {host}</body></html>\n'
)

WORD = re.compile(r"[\w$!'.-]+")
TAG = re.compile(r"<(/?[a-z!][^\s>]*)[^>]*>", re.IGNORECASE)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
ADDRESS = re.compile(r"https?://([^\s/\"'>]+)([^\s\"'>]*)")
ENTITY = re.compile(r"&(#?\w+);")


class Mailbox:
    """Where mail comes from: ham and spam from vocabularies that overlap."""

    def __init__(self, seed):
        self.draw = random.Random(seed)
        words = ["".join(self.draw.choice(SYLLABLES) for _ in range(self.draw.randrange(1, 5))) for _ in range(3000)]
        # Most words occur in both, though not as often, some only in one of the two.
        self.words = (words[:2900], words[100:2900:2] + words[:100] + words[101::2])

    def text(self, kind, count):
        """Some words; the first ones of a vocabulary are more frequent."""
        words = self.words[kind]
        return [words[int(len(words) * self.draw.random() ** 2)] for _ in range(count)]

    def paragraphs(self, kind):
        """A body of plain text."""
        lines = []
        for _ in range(self.draw.randrange(4, 16)):
            lines.append(" ".join(self.text(kind, self.draw.randrange(5, 13))))
            if self.draw.random() < 0.2:
                lines.append("" if self.draw.random() < 0.7 else f"Call now!!! ${self.draw.randrange(10, 900)}.00")
        return "\n".join(lines) + "\n"

    def message(self, kind):
        """The bytes of a message, as a server would hand them over."""
        draw = self.draw
        message = EmailMessage(policy=email.policy.compat32.clone(max_line_length=None))
        name, host = draw.choice(SYLLABLES), f"{draw.choice(SYLLABLES)}{draw.randrange(30)}.example"
        title = draw.choice(SUBJECTS[kind]).format(" ".join(self.text(kind, 3)))
        message["Received"] = (
            f"from {host} (HELO {draw.choice(SYLLABLES)}) by mx.example; Mon, {draw.randrange(1, 29)} Jan 2007 10:00:00 +0000"
        )
        message["From"] = f'"{name.title()} {draw.choice(SYLLABLES).title()}" <{name}@{host}>'
        message["To"] = "undisclosed-recipients:;" if draw.random() < (0.1, 0.3)[kind] else "reader@mx.example"
        message["Subject"] = title
        message["Message-ID"] = f"<{draw.randrange(1 << 40):x}@{host}>"
        if draw.random() < 0.4:
            message["X-Mailer"] = draw.choice(("Writer 2.1", "Bulk Sender Pro"))
        text = self.paragraphs(kind)
        page = HTML.format(title=title, host=host, number=draw.randrange(10_000), text=text, hidden=" ".join(self.text(0, 4)))
        shape = draw.random()
        if shape < (0.6, 0.4)[kind]:
            message.set_payload(text)
        elif shape < 0.8:
            message["Content-Type"] = 'text/html; charset="us-ascii"'
            message.set_payload(page)
        else:
            message["Content-Type"] = f'multipart/alternative; boundary="={draw.randrange(1 << 30):08x}="'
            for part, content in (("plain", text), ("html", page)):
                inner = EmailMessage(policy=message.policy)
                inner["Content-Type"] = f"text/{part}"
                inner.set_payload(content)
                message.attach(inner)
        return message.as_bytes()


def body_words(text):
    """The words of a text, and what stands for those that are too long."""
    for match in WORD.finditer(text.lower()):
        word = match[0].strip(".-'")
        if 3 <= len(word) <= 12:
            yield word
        elif len(word) > 12:
            yield f"skip:{word[0]} {len(word) // 10 * 10}"
            if "." in word:
                for part in word.split("."):
                    yield f"part:{part}"


def page_words(text):
    """The words of HTML, and words for its tags and links."""
    text = COMMENT.sub(" ", text)
    for match in ADDRESS.finditer(text):
        for part in match[1].split("."):
            yield f"url:{part}"
        for part in re.split(r"[/?&=.]", match[2]):
            if part:
                yield f"url:{part.lower()}"
    for match in TAG.finditer(text):
        yield f"tag:{match[1].lower()}"
    for match in ENTITY.finditer(text):
        yield f"entity:{match[1]}"
    yield from body_words(ENTITY.sub(" ", TAG.sub(" ", text)))


def header_words(message):
    """Words from headers that tell something."""
    for word in WORD.findall(message.get("Subject", "")):
        yield f"subject:{word}"
    for field in ("From", "To"):
        name, _, address = message.get(field, "").rpartition("<")
        for word in WORD.findall(name.lower()):
            yield f"{field.lower()}:name:{word}"
        for word in address.strip(">").lower().split("@"):
            yield f"{field.lower()}:address:{word}"
    for line in message.get_all("Received", ()):
        for word in WORD.findall(line)[1:2]:
            yield f"received:{word}"
    yield f"mailer:{message.get('X-Mailer', 'none').lower()}"
    for field in message.keys():
        yield f"header:{field.lower()}"


def tokens(data):
    """All words of a message, in their order."""
    message = email.message_from_bytes(data)
    yield from header_words(message)
    for part in message.walk():
        kind = part.get_content_type()
        yield f"type:{kind}"
        if part.get_content_maintype() == "text":
            text = part.get_payload(decode=True).decode("ascii", "replace")
            yield from page_words(text) if kind == "text/html" else body_words(text)


def chi2_tail(chi, degrees):
    """The probability that chi-square, with an even number of degrees of freedom, is at least this."""
    half = chi / 2.0
    term = total = exp(-half)
    for i in range(1, degrees // 2):
        term *= half / i
        total += term
    return min(total, 1.0)


def log_product(numbers):
    """The logarithm of a product, which may be too small for a float: mantissa and exponent are kept apart."""
    mantissa, exponent = 1.0, 0
    for number in numbers:
        mantissa *= number
        if mantissa < 1e-200:
            mantissa, shift = frexp(mantissa)
            exponent += shift
    return log(mantissa) + exponent * log(2.0)


class Classifier:
    """What was learnt: of each word, how many ham and spam messages had it."""

    STRENGTH, UNKNOWN, DISTANCE, MOST = 0.45, 0.5, 0.1, 150

    def __init__(self):
        self.words = {}
        self.messages = [0, 0]

    def learn(self, data, kind):
        """Count the words of a message."""
        self.messages[kind] += 1
        for token in dict.fromkeys(tokens(data)):
            self.words.setdefault(token, [0, 0])[kind] += 1

    def probability(self, counts):
        """How likely a message with this word is spam, by Robinson: a guess counts as much as STRENGTH messages."""
        ham = counts[0] / (self.messages[0] or 1)
        spam = counts[1] / (self.messages[1] or 1)
        seen = sum(counts)
        return (self.STRENGTH * self.UNKNOWN + seen * (spam / (ham + spam))) / (self.STRENGTH + seen)

    def clues(self, data):
        """The probabilities of the words that say most."""
        found = []
        for token in dict.fromkeys(tokens(data)):
            counts = self.words.get(token)
            if counts is not None:
                probability = self.probability(counts)
                distance = abs(probability - 0.5)
                if distance >= self.DISTANCE:
                    found.append((distance, token, probability))
        found.sort(reverse=True)
        return [probability for _, _, probability in found[: self.MOST]]

    def score(self, data):
        """0 for ham, 1 for spam, in between what isn't clear: two chi-square tests by Fisher."""
        clues = self.clues(data)
        if not clues:
            return 0.5
        degrees = 2 * len(clues)
        spam = 1.0 - chi2_tail(-2.0 * log_product(1.0 - probability for probability in clues), degrees)
        ham = 1.0 - chi2_tail(-2.0 * log_product(clues), degrees)
        return (spam - ham + 1.0) / 2.0


def run(n):
    """Train, then judge n messages, and in the first pass learn from those that weren't clear."""
    mailbox = Mailbox(2007)
    mail = [(mailbox.message(number % 2), number % 2) for number in range(MESSAGES)]
    checksum = 0
    for data, _ in mail:
        checksum = zlib.crc32(data, checksum)
    classifier = Classifier()
    for data, kind in mail[:TRAINING]:
        classifier.learn(data, kind)
    verdicts = {"right": 0, "unsure": 0, "wrong": 0}
    total = 0.0
    for number in range(n):
        data, kind = mail[(TRAINING + number) % MESSAGES]
        score = classifier.score(data)
        total += score
        if HAM_TO <= score < SPAM_FROM:
            verdict = "unsure"
        else:
            verdict = "right" if (score >= SPAM_FROM) == bool(kind) else "wrong"
        verdicts[verdict] += 1
        if verdict != "right" and number < MESSAGES - TRAINING:
            classifier.learn(data, kind)
    return f"{verdicts} {len(classifier.words)} words, {total!r}, {checksum:08x}"


if __name__ == "__main__":
    from support import main

    main("seed_spambayes", run, DEFAULT, BENCH)
