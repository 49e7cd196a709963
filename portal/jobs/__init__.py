"""Background and timed work, a module for each capability: one plain function per task. Arguments are
ids, never content.

`worker.py` puts the tasks into the queue and works it off; the words of the mails are in templates/mail/."""
