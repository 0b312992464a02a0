"""How often and how long everything is tried: the one table of retries and patience, in seconds.

``coaia help timeouts`` shows what of it a user notices. A limit of the command (see
``util.deadlines``) counts more than any of these.
"""

from typing import NamedTuple

_FOREVER = float("inf")


class Patience(NamedTuple):
    """How a service is tried.

    ``whole`` is for one answer with all its tries, ``part`` for each part of it, ``connect`` for a
    connection. If the service asks for a pause of over ``longest_pause``, the request fails.
    """

    tries: int
    whole: float = _FOREVER
    connect: float = 10.0
    part: float = 30.0
    longest_pause: float = _FOREVER


# Services. For AWS boto3 decides about the pauses.
WEB_API = Patience(tries=3, whole=30.0, longest_pause=20.0)
STORAGE = Patience(tries=3, whole=30.0, longest_pause=20.0)
OPENAI = Patience(tries=4, whole=120.0, longest_pause=60.0)
AWS = Patience(tries=4, whole=60.0)
# Bytes per second: a larger file has a second more for each of these, by which a slower transfer
# is given up.
SLOWEST_TRANSFER = 16384.0

# A transcription job of AWS: the pauses between two looks at it, the most for the job, and for each
# removal of what is left in AWS.
FIRST_JOB_PAUSE, LONGEST_JOB_PAUSE = 1.0, 15.0
JOB = 4 * 3600.0
CLEANING = 10.0

# The pauses between two tries, unless the server asks for another one.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0

# Langfuse: a part of an answer, a request with its retries, and each later page of a listing or
# item of an import (rate limits are counted by the minute).
LANGFUSE_PART = 5.0
LANGFUSE = 15.0
LANGFUSE_PAGE = LANGFUSE_ITEM = 90.0
# Tries of a read or a deletion while no connection can be made: more would rarely help.
UNCONNECTED_TRIES = 2
# Tries to post a new version of a prompt, if after each lost response the server says that it is not
# there.
PROMPT_POSTS = 3
# git: for each thing that it is asked about a gallery, about what is to be committed, about the commit
# that an experiment is of; and between two looks at how much it has fetched.
GIT, GIT_INDEX, GIT_HEAD = 120.0, 30.0, 5.0
GIT_LOOK = 1.0
# All pages of a listing, and all checks of services, unless the command has a limit of its own.
LISTING = 300.0
CHECKS = 30.0
# An object that is to be commented on. Servers show a write after a few seconds, but around midnight
# (UTC) it may take 15.
COMMENTED_OBJECT = 30.0
# The server when the cache of score configs has an older copy, and how long it is not asked again
# after it gave no response.
SCORE_CONFIGS = 4.0
SCORE_CONFIGS_PAUSE = 60.0

# A Langfuse server that was away: all requests of a command to it. If they are used up, the next
# client has the rest that is needed to notice a server that is back.
BRIEF = 1.5
BRIEF_REST = 0.3
# How long it is tried only briefly, at the least and at the most.
SHORTEST_AWAY, LONGEST_AWAY = 3600.0, 86400.0

# Sending what a command has written, then what waited before; the record of a model's call.
DELIVERY = 15.0
BACKLOG = 2.0
RECORDING = 5.0
# No request is started in this time before the end: its response would come too late.
ANSWER = 1.0
# A claim on records holds for so long, and is renewed when half of that is over.
LEASE = 60.0
# No claim and no pause of a record after a failure lasts longer. A later time was written while the
# clock was wrong, and is ignored.
LONGEST_CLAIM = 600.0
LONGEST_RECORD_PAUSE = 60.0
# Between two looks at records that pause or that another process is sending.
SENDING_POLL = 0.05
# A flush that was asked to wait until everything is accepted.
WHOLE_FLUSH = 600.0
# The sender in the background ends so long after the last record, or if the server accepts nothing for
# so long. Between two looks into the outbox; between two tries with a server that is away.
SENDER_IDLE = 5.0
SENDER_AWAY = 120.0
SENDER_POLL = 0.1
FIRST_SENDER_PAUSE, LONGEST_SENDER_PAUSE = 1.0, 30.0
# A trace that is followed: between two looks at it on a server and in the journal; it is complete when
# all has ended and nothing has come for so long.
FOLLOW_SERVER, FOLLOW_JOURNAL = 2.0, 0.5
FOLLOW_QUIET = 3.0
# An interrupted command waits so long for what is in flight, to take out what was accepted.
PARTING = 0.5

# Redis: a part of an answer, and a whole one. A large value has a second more for each
# ``SLOWEST_REDIS`` bytes.
REDIS_PART = 5.0
REDIS = 60.0
SLOWEST_REDIS = float(1 << 20)

# Commands that coaia starts: between asking one to end and killing it; between two tries to pass keys
# on to it; between two signs of life; and the longest pause before a step of a pipeline is repeated.
GRACE = 5.0
KEY_PAUSE = 0.05
BEAT = 2.0
LONGEST_STEP_PAUSE = 3600.0
# The regular expressions that people have written, all of a command together.
EXPRESSIONS = 2.0
# Experiments: between two looks at what runs; before a command that failed is repeated, first and at
# the most; how long results wait to be written together.
ITEM_POLL = 0.2
FIRST_ITEM_PAUSE, LONGEST_ITEM_PAUSE = 1.0, 60.0
RESULTS_PAUSE = 0.5

# Pipelines on workers: how long Redis may be away, and the pause between two tries; between two looks
# for news, at the attempts that are being made, and at all that wait; how long nobody may listen to
# the queue; how long a worker without a sign of life still counts; and how long workers may take to
# end what they do.
FLEET_AWAY, FLEET_PAUSE = 60.0, 0.5
FLEET_POLL, FLEET_LOOK, FLEET_WHOLE_LOOK = 0.05, 1.0, 5.0
FLEET_NOBODY = 300.0
FLEET_LOST = 30
FLEET_PARTING = 2 * GRACE + 2
# A worker: one wait for a job, and an answer of Redis, which may come at the end of that.
WORKER_WAIT = 15
WORKER_REDIS = WORKER_WAIT + 10.0

# Locks of other processes on this machine: of files, of the journal.
FILE_LOCK = 20.0
FILE_LOCK_POLL = 0.01
JOURNAL_LOCK = 15.0
# What SQLite itself waits each time it is asked for the lock, since no signal is received meanwhile.
JOURNAL_LOCK_STEP = 0.1
# Locks are waited for as long as a usual write takes, whatever the limit of the command is.
LEAST_LOCK = 1.0
# Between two drawings of what goes on; and how often a person is asked the same who gives no valid
# answer.
REDRAWING = 0.1
QUESTIONS = 3
# Between two looks for new traces.
TAIL_POLL = 1.0
# How often a stream notices that its reader has gone away.
STREAM_POLL = 0.1
