"""Reading /metrics as Prometheus does."""

from prometheus_client.parser import text_string_to_metric_families

TOKEN = "a-token-of-the-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Scrape(dict):
    """Samples of one scrape: `(name, frozenset of labels)` → value."""

    def __init__(self, text):
        families = list(text_string_to_metric_families(text))
        super().__init__(
            ((sample.name, frozenset(sample.labels.items())), sample.value)
            for family in families
            for sample in family.samples
        )
        self.families = {family.name: family for family in families}

    def value(self, name, **labels):
        """Return one sample, or None."""
        return self.get((name, frozenset(labels.items())))

    def by(self, name, *labels):
        """Return the samples of a name by the values of these labels."""
        return {
            tuple(dict(given)[label] for label in labels): value
            for (found, given), value in self.items()
            if found == name
        }

    def sum(self, name):
        """Return the sum of a name's samples."""
        return sum(self.by(name, *self.labels(name)).values())

    def labels(self, name):
        """Return the names of a name's labels, sorted."""
        return sorted({label for (found, given) in self if found == name for label, _ in given})


def scrape(client):
    """Scrape a server through an HTTP client."""
    answer = client.get("/metrics", headers=BEARER)
    assert answer.status_code == 200, answer.text
    return Scrape(answer.text)
