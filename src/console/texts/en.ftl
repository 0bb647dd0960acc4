# The console in English. Each text has the same id and the same values in every language.

nav-label = Pages
nav-skip = Skip to the content
nav-today = Today
nav-assessments = Assessments
nav-sessions = Sessions
nav-sign-out = Sign out

role-analyst = analyst
role-officer = releasing officer
role-admin = administrator
role-other = program

sign-in-title = Sign in
sign-in-as = You are about to sign in as { $name } of { $organisation }.
sign-in-button = Sign in
sign-in-once = The link works once. A session ends when nobody uses it for a while, and when you sign out.
sign-in-invalid = This link does not work any more. A link works once, and for five minutes.
sign-in-how = Make a new link on a computer that has your certificate:

today-title = Today
today-count =
    { $count ->
        [one] One thing waits for you.
       *[other] { $count } things wait for you.
    }
today-overdue =
    { $count ->
        [one] One is overdue.
       *[other] { $count } are overdue.
    }
today-empty = Nothing waits for you.
today-empty-hint = Warnings that must be acknowledged, requests of partners, and what needs your approval appear here.
today-due = due
today-was-due = was due
today-since = waits since
today-command = On the command line: watchfire
today-rest =
    { $count ->
        [one] and one more from { $name }
       *[other] and { $count } more from { $name }
    }

kind-acknowledge = Acknowledge
kind-answer-request = Answer a request
kind-approve-agreement = Agreement to approve
kind-approve-change = Decision to approve
kind-confirm-person = Person to confirm
kind-decide-purge = Destruction to decide
kind-quarantine = Held back
kind-verification = Can't be verified yet
kind-draft = Draft for you
kind-alarm = Alarm
kind-ending = Ends soon

list-title = Assessments
list-filters = What to show
list-place = Place
list-level = Level
list-from = From
list-state = State
list-any = any
list-unread-only = only unread
list-show = Show
list-clear = Show all
list-unread = unread
list-no-headline = No headline for you
list-none-fit = Nothing fits. Leave a field empty, or choose a larger place.
list-empty = Nothing has come yet. What partners send appears here.
list-next = Older ones
list-acknowledge = to acknowledge { $when }
list-damaged =
    { $count ->
        [one] One assessment can't be read any more. An administrator restores a backup.
       *[other] { $count } assessments can't be read any more. An administrator restores a backup.
    }

state-current = current
state-expired = expired
state-superseded = superseded
state-withdrawn = taken back

exercise = EXERCISE
exercise-banner = EXERCISE EXERCISE EXERCISE: this is not a real warning

assessment-title = Assessment { $id }
assessment-version = version { $version }
assessment-answer = Answer
assessment-recalled = The originator has taken this assessment back. What it said may be wrong or may harm somebody; do not use it.

answer-what = What do you tell the sender?
answer-read = We have read it
answer-acting = We act upon it
answer-declined = We do not act upon it
answer-text = In a few words (needed where you do not act)
answer-told = The sender learns your role, never your name.
answer-send = Send the answer

sessions-title = Sessions
sessions-what = Where you are signed in. End a session that you do not know.
sessions-opened = Signed in
sessions-seen = Last used
sessions-end = End
sessions-end-it = End this session
sessions-this = this session

fault-place = There is no place called “{ $place }”. Write a country, a part of a country, a region or a code.
fault-level = Choose a level from the list.
fault-from = “{ $name }” is no partner of this node.
fault-from-meant = “{ $name }” is no partner of this node. Did you mean { $meant }?

error-not-found = That is not here
error-not-found-hint = It may have been destroyed, or the address may be incomplete.
error-role = Your role does not allow this
error-role-hint = Ask somebody who has the role.
error-node = The node can't do this now
error-node-hint = Nothing of what you typed was used. Try again later, and tell an administrator if it stays.
error-refused = This was refused
error-refused-hint = Go back, mend it, and send it again.
error-old-form = This page is from an earlier session
error-old-form-hint = Nothing was changed. Open the page again, and send the form from there.
error-malformed = The address or the form is incomplete
error-no-page = There is no such page

time-just-now = just now
time-minutes-ago =
    { $count ->
        [one] { $count } minute ago
       *[other] { $count } minutes ago
    }
time-hours-ago =
    { $count ->
        [one] { $count } hour ago
       *[other] { $count } hours ago
    }
time-days-ago =
    { $count ->
        [one] { $count } day ago
       *[other] { $count } days ago
    }
time-in-minutes =
    { $count ->
        [one] in { $count } minute
       *[other] in { $count } minutes
    }
time-in-hours =
    { $count ->
        [one] in { $count } hour
       *[other] in { $count } hours
    }
time-in-days =
    { $count ->
        [one] in { $count } day
       *[other] in { $count } days
    }
