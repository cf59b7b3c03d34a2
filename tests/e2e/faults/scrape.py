"""What a server tells Prometheus."""

import re
import urllib.request

_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Metrics:
    """One scrape."""

    def __init__(self, address):
        with urllib.request.urlopen(f"http://{address}/metrics",
                                    timeout=10) as page:
            self.text = page.read().decode()
        self.samples = []
        for line in self.text.splitlines():
            if line and not line.startswith("#"):
                name, labels, value = _SAMPLE.match(line).groups()
                self.samples.append(
                    (name, dict(_LABEL.findall(labels or "")), float(value)))

    def by(self, name, *labels, **where):
        """The sums of that family's samples by the values of `labels`, without
        those that are 0."""
        sums = {}
        for sample, has, value in self.samples:
            if sample == name and all(has[k] == v for k, v in where.items()):
                key = tuple(has[label] for label in labels)
                sums[key] = sums.get(key, 0) + value
        return {key: value for key, value in sums.items() if value}

    def total(self, name, **where):
        return self.by(name, **where).get((), 0)
