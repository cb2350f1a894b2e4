-- Old messages are found by their age, and their deliveries by their message (its primary key).
CREATE INDEX webhook_message_created ON webhook_message (created);
