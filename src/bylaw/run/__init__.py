"""The run directory. Nobody else knows these names::

    run.toml  constitution.toml     every default spelled out, places by their last name; the exact text used
    local.toml                      the settings as given, with this machine's directories; never handed out
    manifest.jsonl                  append-only: stage started / finished
    records/                        prompts responses critiques revisions comparisons labels (.jsonl)
    models/<name>/                  standard Hugging Face directories, signed (model.sig)
    measurements.jsonl              what was measured
    statements/<stage>.json         what the stage made from what, signed
    proofs/<stage>.rows/<file>      the leaf hashes of the rows it made; <stage>.entry  its index in the ledger
    proofs/<stage>.tlog-proof       that its statement is in the ledger
    findings/<name>.json            reports of leak, audit and stress; *.statement beside it, signed; *.entry
    report/index.html   evidence.zip
    chunks/<stage>/                 working space of unfinished stages, marked; empty when all are done

``manifest`` what was started and finished · ``documents`` the two texts, ``local`` what of them is this machine's alone
· ``stage`` one stage at work, ``working`` its files · ``statements`` signed, and checked before anything is read ·
``findings`` the same for reports · ``mirror`` the run behind a URL, ``sent`` what is newer here · ``filing`` records to
files · ``handout`` what goes into evidence · ``directory`` the whole.
"""

from bylaw.run.directory import Run

__all__ = ["Run"]
