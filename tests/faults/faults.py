"""Every fault, declared: how it is injected, and what the promise allows."""

from __future__ import annotations

from tests.faults import stories_of_mail as mail
from tests.faults import stories_of_processes as processes
from tests.faults import stories_of_servers as servers
from tests.faults import stories_of_time as times
from tests.faults.arena import Fault

# Name, how it is injected, its story; how many doubts a strike may leave; within how many ticks it is over.
OF_PROCESSES = [
    Fault(
        "killed-before-the-claim",
        "SIGKILL of a worker when its claim is written and not committed",
        processes.killed_before_the_claim,
        ticks=1,
    ),
    Fault(
        "killed-before-the-body",
        "SIGKILL of a worker when the mail server hears the recipient",
        processes.killed_before_the_body,
        ticks=1,
    ),
    Fault(
        "killed-before-the-fence",
        "SIGKILL of a worker that has sent the text and asks the fence",
        processes.killed_before_the_fence,
        ticks=1,
    ),
    Fault(
        "killed-after-the-dot",
        "SIGKILL of a worker when the whole message is there and no 250 is heard",
        processes.killed_after_the_dot,
        doubts=1,
        ticks=1,
    ),
    Fault(
        "killed-after-the-250",
        "SIGKILL of a worker that has heard the 250 and not written it down",
        processes.killed_after_the_250,
        doubts=1,
        ticks=1,
    ),
    Fault(
        "killed-again-and-again",
        "five SIGKILLs, before and after the dot",
        processes.killed_again_and_again,
        doubts=1,
        ticks=1,
    ),
    Fault("asked-to-stop", "SIGTERM of a worker while it sends", processes.asked_to_stop, ticks=1),
    Fault("frozen", "SIGSTOP of a worker while it sends, for longer than a tick of another", processes.frozen),
    Fault(
        "rolling-restart",
        "SIGTERM and start of two beats, worker and watchdog, round after round, under load",
        processes.rolling_restart,
    ),
    Fault("two-beats", "two beats ring at once, and two workers come", processes.two_beats),
    Fault("no-beat", "neither beat nor worker: the watchdog alone", processes.no_beat, ticks=1),
    Fault("four-dispatchers", "four ticks begin at the same moment", processes.four_dispatchers, ticks=1),
    Fault(
        "four-dispatchers-killed",
        "four ticks at the same moment, all four SIGKILLed at once",
        processes.four_dispatchers_killed,
        doubts=1,
        ticks=1,
    ),
    Fault(
        "session-dropped",
        "PostgreSQL ends the session of a worker that sends",
        servers.session_dropped,
        doubts=1,
        ticks=1,
    ),
    Fault(
        "database-restarted",
        "immediate restart of PostgreSQL while a worker sends",
        servers.database_restarted,
        doubts=1,
        ticks=1,
    ),
    Fault(
        "broker-forgets",
        "FLUSHALL before anybody hears the bell, and while a worker sends",
        servers.broker_forgets,
        ticks=1,
    ),
    Fault("broker-killed", "SIGKILL and restart of the broker while a worker sends", servers.broker_killed, ticks=1),
    Fault("broker-black-hole", "the broker takes connections and never answers", servers.broker_black_hole),
    Fault(
        "broker-absent",
        "no broker for an hour of simulated time; people sign in and read",
        servers.broker_absent_for_an_hour,
    ),
]
AROUND = [
    Fault("smtp-refused", "nobody listens where the mail server was", mail.refused, ticks=20),
    Fault("sign-in-refused", "the mail server refuses our name and password (535)", mail.sign_in_refused, ticks=20),
    Fault("put-off", "451 at RCPT or after the message, once to three times for each address", mail.put_off),
    Fault("refused-for-good", "550 at RCPT for one address", mail.refused_for_good, ticks=1),
    Fault(
        "taken-then-cut", "the mail server takes a message and hangs up before its 250", mail.taken_then_cut, doubts=1
    ),
    Fault("cut-at-the-dot", "the mail server hangs up at the dot and keeps nothing", mail.cut_at_the_dot, doubts=1),
    Fault("slow-250", "one 250 comes after two whole ticks of another dispatcher", mail.slow),
    Fault("down-for-hours", "no mail server for two hours, while more comes due", mail.down_for_hours, ticks=20),
    Fault(
        "taken-then-dropped",
        "250, then the mail server hangs up and throws the message away",
        mail.taken_then_dropped,
        ticks=1,
    ),
    Fault("poison", "a reminder that cannot be written, an address that fits into no mail", mail.poison, ticks=1),
    Fault("backlog", "thousands due at once for 40 people (100,000 in the long form)", mail.backlog, ticks=1),
    Fault("clock-jumps", "the clock jumps two hours forward and back, or back and forward", times.clock_jumps),
    Fault(
        "night-of-23-hours",
        "the night of March 14, 2027, in Chicago, with ticks all along",
        times.night_of_23_hours,
    ),
    Fault(
        "night-of-25-hours",
        "the night of November 1, 2026, in Chicago, with ticks all along",
        times.night_of_25_hours,
    ),
    Fault(
        "cancelled-before-the-fence",
        "a published shift is withdrawn between claim and fence",
        times.cancelled_before_the_fence,
    ),
    Fault("left-before-the-fence", "a person leaves between claim and fence", times.left_before_the_fence),
    Fault("left", "a person leaves while mails wait", times.left),
]
FAULTS = {fault.name: fault for fault in [*OF_PROCESSES, *AROUND]}
