"""The only code that services share: names, messages, audio, keys, the commit step, environment, logs.

May import the standard library alone (`audio` also numpy, `transport` kombu, `tasks` Celery); never a service.
"""
