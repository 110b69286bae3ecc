"""What was found against the specification, bounded: every finding is counted, the first few of each rule are kept."""

RULE_LIMIT = 64
EXAMPLES_PER_RULE = 3


class Failed(Exception):
    """A server did not do what a check asks for; the text says what it did."""


class Findings:
    """Breaches by rule, each rule with its level: "MUST" makes a violation, "SHOULD" only advice."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._examples: dict[tuple[str, str], list[str]] = {}

    def must(self, rule: str, example: str) -> None:
        self._add("MUST", rule, example)

    def should(self, rule: str, example: str) -> None:
        self._add("SHOULD", rule, example)

    def _add(self, level: str, rule: str, example: str) -> None:
        key = (level, rule)
        if key not in self._counts and len(self._counts) >= RULE_LIMIT:
            key = (level, "further rules")
        self._counts[key] = self._counts.get(key, 0) + 1
        examples = self._examples.setdefault(key, [])
        if len(examples) < EXAMPLES_PER_RULE:
            examples.append(example)

    def total(self, level: str) -> int:
        return sum(count for (of, _), count in self._counts.items() if of == level)

    def listing(self, level: str) -> list[dict]:
        return [
            {"rule": rule, "count": count, "examples": self._examples[(of, rule)]}
            for (of, rule), count in self._counts.items()
            if of == level
        ]
