"""Things that become of records in the journal, for tests that try many of them in a row."""

from hypothesis import strategies as st

from coaiapy.langfuse.journal import reads
from coaiapy.langfuse.journal.damage import set_aside
from coaiapy.langfuse.journal.destinations import adopt
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.records.records import observation_from, trace_from

TIME = "2026-01-31T12:00:0{}.000Z"
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["trace", "observations", "observations", "forget", "adopt", "damage"]),
        st.integers(0, 5),
        st.integers(0, 9),
    ),
    max_size=8,
)


def perform(journal, what, number, second):
    """One of the things that can become of records."""
    trace, id = "t{}".format(number % 3), "o{}".format(number)
    if what == "trace":
        journal.append(LOCAL, [trace_from({"id": trace, "timestamp": TIME.format(second)})])
    elif what == "observations":
        fields = {"id": id, "start_time": TIME.format(second), "model": "m%d" % second}
        other = {"id": id + "x", "end_time": "2026-02-01", "usage_details": {"input": second}}
        journal.append(LOCAL, [observation_from(one, trace) for one in (fields, other)])
    elif what == "forget":
        reads.forget_trace(journal, LOCAL, trace)
    elif what == "adopt":
        adopt(journal, journal.destination("https://server", "pk"))
    else:
        for row in list(journal.rows("SELECT seq FROM records LIMIT 1 OFFSET ?", number)):
            set_aside(journal, row["seq"])
