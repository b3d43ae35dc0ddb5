"""The gateway: takes live audio from sockets, cuts it into utterances, hands them to the workers and sends back words."""
