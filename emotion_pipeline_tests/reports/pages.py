"""What a page of a report consists of, as a browser would read it."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """Tags, what is loaded (`sources`), what is linked, and what pictures say to the blind."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.sources, self.links, self.alts = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.sources += [found[name] for name in ("src", "srcset", "action") if name in found]
        self.links += [found["href"]] if "href" in found else []
        self.alts += [found.get("alt")] if tag == "img" else []

    def n_pictures_within(self):
        """The number of its pictures; all are in the page itself and described, nothing else is
        loaded or run."""
        assert "script" not in self.tags
        assert all(one.startswith("data:image/png;base64,") for one in self.sources + self.links)
        assert all(self.alts)
        assert len(self.alts) == len(self.sources)
        return len(self.alts)
