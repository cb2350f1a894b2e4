skip = Skip to the content
nav-main = Main
nav-offerings = Offerings
nav-verification = Check it yourself
nav-portfolio = Your contributions
nav-account = Account:
nav-log-in = Log in
nav-sign-up = Sign up
nav-log-out = Log out
nav-second-factor = Finish logging in
footer-record = Every number on these pages follows from a public record.
footer-verify = Check it yourself
footer-developer = Developers
footer-design = Design
copy = Copy
copied = Copied
error-title = Error:
error-summary = There is a problem
show-table = Show as table

# What search engines show below a page that says nothing of its own.
site-description = Token offerings whose every number anybody can compute again.
