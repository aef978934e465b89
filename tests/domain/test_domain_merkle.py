"""Is the tree that of Certificate Transparency, and does a path prove what it should?"""

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.merkle import EMPTY, grown, paths, root, root_by

# Inputs and roots of the reference implementation of RFC 6962
# (certificate-transparency, merkle tree tests): the roots of the first 1 to 8 inputs.
INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

entries = st.lists(st.binary(max_size=4), min_size=1, max_size=40)


def tree(items):
    frontier = ()
    for size, item in enumerate(items):
        frontier = grown(frontier, size=size, entry=item)
    return frontier


def test_the_roots_are_those_of_certificate_transparency():
    items = [bytes.fromhex(text) for text in INPUTS]

    assert [root(tree(items[:n])) for n in range(1, 9)] == ROOTS
    assert root(()) == EMPTY
    assert EMPTY == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(entries, st.data())
def test_every_path_leads_to_the_root_and_no_other_entry_does(items, data):
    top = root(tree(items))
    place = data.draw(st.integers(0, len(items) - 1))
    (path,) = paths(items, [place])
    given_ = {"place": place, "size": len(items)}

    assert root_by(path, entry=items[place], **given_) == top
    assert root_by(path, entry=items[place] + b"x", **given_) != top
    assert root_by([*path, top], entry=items[place], **given_) is None
    assert root_by(path, entry=items[place], place=len(items), size=len(items)) is None
    if path:
        assert root_by(path[:-1], entry=items[place], **given_) is None


@given(entries, st.integers(0, 39))
def test_a_changed_entry_changes_the_root(items, place):
    place %= len(items)
    changed = [*items[:place], items[place] + b"x", *items[place + 1 :]]

    assert root(tree(changed)) != root(tree(items))
