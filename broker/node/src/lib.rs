//! One broker: a listener, connections, a handler for each API key, over the logs and the rules.
