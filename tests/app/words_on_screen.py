"""All the words a page shows, for tests that ask what a person reads."""


def words_of(shown):
    """Join headings, texts, alerts and table cells of a page."""
    parts = [e.value for kind in ("title", "subheader", "markdown") for e in shown.get(kind)]
    parts += [e.value for kind in ("error", "warning", "success", "info") for e in shown.get(kind)]
    parts += [e.value for e in shown.get("code")]
    parts += [e.value.to_string() for e in shown.dataframe]
    return "\n".join(str(part) for part in parts)
