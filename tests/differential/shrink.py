"""Delta debugging: the smallest case that still shows a difference."""

SIMPLER_VALUES = ["1g", "1", "0"]


def cuts(length):
    """Ranges to leave out, large ones first."""
    size = length
    while size >= 1:
        for start in range(0, length, size):
            if size < length or length == 1:
                yield start, min(start + size, length)
        size //= 2


def smaller_texts(text):
    lines = text.splitlines(keepends=True)
    if len(lines) > 1:
        for start, end in cuts(len(lines)):
            yield "".join(lines[:start] + lines[end:])
    for start, end in cuts(len(text)):
        yield text[:start] + text[end:]


def smaller(case):
    """Cases that are simpler in one step."""
    if "conf" in case:
        keys = list(case["conf"])
        for start, end in cuts(len(keys)):
            yield {**case, "conf": {k: case["conf"][k] for k in keys[:start] + keys[end:]}}
        for key in keys:
            value = case["conf"][key]
            simpler = SIMPLER_VALUES[:SIMPLER_VALUES.index(value)] if value in SIMPLER_VALUES else SIMPLER_VALUES
            for text in simpler + list(smaller_texts(value)):
                yield {**case, "conf": {**case["conf"], key: text}}
    for part in ("text", "in"):
        if part in case:
            for text in smaller_texts(case[part]):
                yield {**case, part: text}
    if case.get("path") == "container":
        yield {**case, "path": "standalone"}


def shrink(case, differs, batch=40, rounds=400):
    """`differs` takes a list of cases and returns for each whether it shows the difference."""
    for _ in range(rounds):
        steps, found = smaller(case), None
        while found is None:
            some = [c for _, c in zip(range(batch), steps)]
            if not some:
                return case
            found = next((c for c, still in zip(some, differs(some)) if still), None)
        case = found
    return case
