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
