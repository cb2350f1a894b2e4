-- What was granted before people were asked how much an application may contribute has no limit that anybody chose: it ends
-- here, and the application asks again. What was granted with limits stays, and so does what moves no money.
UPDATE oauth_grant SET ended_at = used_at
WHERE ended_at IS NULL AND limits = '' AND scopes LIKE '%contributions:write%';
