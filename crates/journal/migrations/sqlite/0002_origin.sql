-- Two logs of one origin under one key would contradict each other for whoever reads checkpoints.
CREATE UNIQUE INDEX log_origin ON log (origin);
