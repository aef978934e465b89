"""Whether the audit trail can be believed, claim by claim, and what to keep elsewhere for that."""

import json

import streamlit as st

from app import session, widgets, words
from lifecycle.adapters import keys
from lifecycle.domain.audit import plain
from lifecycle.services import sealing, trail
from lifecycle.services.examination import told
from lifecycle.store import audit
from lifecycle.store import checkpoints as kept

NEWEST = 50


def claims() -> None:
    """Verify the whole chain and show each claim apart."""
    st.subheader("Is it still what was written?")
    if not st.button("Verify the chain", key="verify", icon=":material/verified:", type="primary"):
        widgets.note(
            "Whether it is whole, who vouches for it, when it was, and whether the records agree "
            "with it are four claims; each is judged alone."
        )
        return
    with st.spinner("Following the chain from its first event"):
        found = trail.examine(session.workspace(), by=session.actor())
    for claim in told(found):
        widgets.badge(claim.state, f"**{claim.name.capitalize()}.** {claim.sentence}")
    if found.findings:
        bad = [
            {"no.": f.sequence, "kind": f.kind.value, "finding": f.sentence} for f in found.findings
        ]
        widgets.table(bad, name="findings", alt="What is wrong with the chain")


def checkpoints() -> None:
    """Show the public key and the newest signatures, and offer to sign now."""
    st.subheader("Who vouches for it?")
    workspace, con = session.workspace(), session.cursor()
    key = sealing.signing_key(workspace)
    st.markdown(
        f"This workspace signs with key `{key.id}`, with every decision and at intervals. Keep the "
        "public key and a checkpoint outside this machine: they show what is cut off or rewritten "
        "later."
    )
    found = kept.every(con)[::-1]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.download_button(
            "Public key",
            data=keys.pem(key.public),
            file_name=f"{key.id}.pem",
            mime="application/x-pem-file",
            key="public_key",
            icon=":material/key:",
            on_click="ignore",
        )
        if st.button("Sign now", key="seal", icon=":material/draw:"):
            sealed = trail.seal(workspace, by=session.actor(), at=session.now())
            widgets.finish(f"The trail is signed up to event {sealed.sequence:,}.")
        if found:
            st.download_button(
                "Newest checkpoint",
                data=json.dumps(plain(found[0]), indent=1) + "\n",
                file_name=f"checkpoint-{found[0].sequence}.json",
                mime="application/json",
                key="checkpoint",
                icon=":material/download:",
                on_click="ignore",
            )
    if not found:
        widgets.empty("Nothing is signed yet", hint="**Sign now** makes the first checkpoint.")
        return
    rows = [
        {
            "up to no.": one.sequence,
            "signed (UTC)": one.at,
            "key": one.key,
            "hash": one.hash,
            "root": one.root,
        }
        for one in found[:NEWEST]
    ]
    unsigned = audit.head(con)[0] - found[0].sequence
    widgets.note(
        f"{len(found):,} checkpoints, the newest on {words.moment(found[0].at)}; "
        f"{unsigned:,} events came after it. The newest {len(rows)} are shown.",
        icon="draw",
    )
    widgets.table(rows, name="checkpoints", alt="Signed checkpoints, newest first")


def export() -> None:
    """Offer the whole chain for keeping and checking elsewhere."""
    st.subheader("Take it along")
    # Asked here: the file is made later, where there is no page and so no cookie.
    workspace, actor = session.workspace(), session.actor()

    def whole() -> bytes:
        at = session.now()
        file = workspace.tmp / f"audit-{at:%Y%m%dT%H%M%S%f}.jsonl"
        trail.export(workspace, file, by=actor, at=at)
        try:
            return file.read_bytes()
        finally:
            file.unlink()

    st.download_button(
        "Export the whole chain (JSON lines)",
        data=whole,
        file_name="audit.jsonl",
        mime="application/jsonl",
        key="export",
        icon=":material/download:",
        on_click="ignore",
    )
    widgets.note(
        "`lifecycle audit verify FILE --key PUBLIC_KEY --checkpoint CHECKPOINT` checks an export "
        "on another machine. The export itself is recorded."
    )
