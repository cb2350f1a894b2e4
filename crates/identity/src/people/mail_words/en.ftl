# What mails say. `subject` is what a mail is about, `text` what it says, `end` what stands behind a code or a number. Each line
# is a line of its own in the mail, broken between words. { $origin } is the address of the site, { $site } its name.

code-sign-up =
    .subject = confirm your address
    .text =
        Somebody, probably you, wants to sign up at { $origin } with this address.
        To go on, enter this code there within 24 hours. It works once:
    .end = If it was not you, do nothing: without the code nobody signs up with your address. Give the code to nobody; we never ask for it.
code-recovery =
    .subject = set a new password
    .text =
        Somebody, probably you, wants to set a new password at { $origin }.
        To go on, enter this code there within one hour. It works once:
    .end = All your sessions end then. A second factor, if you have one, stays and is asked for. If it was not you, do nothing, and nothing changes. Give the code to nobody; we never ask for it.
code-enrolment =
    .subject = add a second factor
    .text =
        Somebody, probably you, logged in at { $origin } with your password. Your second factors were set aside, so that a new one is to be added first.
        To go on, enter this code there within one hour. It works once:
    .end = If it was not you, your password is known to others: ask there for a new one. Give the code to nobody; we never ask for it.
known-already =
    .subject = you have signed up before
    .text =
        Somebody, probably you, wants to sign up at { $origin } with this address, with which you have signed up before.
        Log in, or ask there for a new password if you do not know yours.
        If it was not you, do nothing: nothing has changed.
nobody-known =
    .subject = nobody signed up with this address
    .text =
        Somebody, probably you, wants to set a new password at { $origin }. Nobody has signed up there with this address; perhaps you did with another one.
        If it was not you, do nothing.
new-address =
    .subject = confirm your new address
    .text =
        Somebody, probably you, wants this address for their account at { $origin }.
        To go on, enter this code there, in the account, within one hour. It works once:
    .end = If it was not you, do nothing: without the code nothing changes. Give the code to nobody; we never ask for it.
new-address-known =
    .subject = an account has this address
    .text =
        Somebody, probably you, wants this address for their account at { $origin }. Another account there has it already, and an address belongs to one account. Nothing changes.
        If it was not you, do nothing.

invitation-role =
    .subject = you are invited
    .text =
        You are invited to work as { role } for { place-of-work }. When you have accepted it, another person there confirms it.

        Go to { $origin }/invitation, log in or sign up there, and enter this code within seven days. It works once:
    .end = If you expected nothing of the kind, do nothing. Give the code to nobody; we never ask for it.
invitation-sale =
    .subject = you are invited
    .text =
        You are invited to take part in the offering { $place }. Read it first at { $origin }/offerings/{ $place }: an invitation is no advice to put money in.

        Go to { $origin }/invitation, log in or sign up there, and enter this code within seven days. It works once:
    .end = If you expected nothing of the kind, do nothing. Give the code to nobody; we never ask for it.

# Under every warning, with the code.
not-me =
    .text = If it was not you, say so at { $origin }/not-me with this code. All your sessions end at once, keys that you made are revoked, changes that wait for their time are ended, and nobody logs in until you set a new password by mail. It works once, for 30 days; it lets nobody in:
    .end = If it was you, do nothing.
password-recovered =
    .subject = your password was changed
    .text = Your password was changed with a code that was sent to this address. All sessions were ended.
password-changed =
    .subject = your password was changed
    .text = Your password was changed by somebody who was logged in and knew the old one.
new-place =
    .subject = a login from a new place
    .text = Somebody logged in with your password, a passkey, a wallet or another site from the address { $address }, from whose network you had not logged in before, or not for 90 days.
key-made =
    .subject = a key was made
    .text = In your name a key for programs was made. It is called "{ $label }".
application-allowed =
    .subject = an application may act for you
    .text = In your name an application was allowed to act for you. It calls itself "{ $label }". What it may do, and how to end it, is at { $origin }/apps.
address-begun =
    .subject = your address of mail will change
    .text = Somebody who is logged in as you, probably you, wants another address of mail for your account, and typed in the code that was sent to it. In { days } it takes the place of the one in force. Until then what warns you goes to both, and the change can be ended where your account is shown.
address-ended =
    .subject = your address of mail stays
    .text = The change of the address of your account was ended by somebody who is logged in as you. The address that was in force stays.
address-changed =
    .subject = your address of mail was changed
    .text = The change that was announced to you is done: the new address is in force from now on, and mails go there alone.
address-taken =
    .subject = your address of mail stays
    .text = The change that was announced to you cannot be done, because the new address cannot be used here any more. The one in force stays.
wallet-added =
    .subject = a wallet was added
    .text = From now on a wallet that was added to your account logs you in. What may be done with your account can be done with that wallet too.
wallet-removed =
    .subject = a wallet was removed
    .text = A wallet that was in your account logs you in no more. Your money and tokens do not move by that.
sign-in-added =
    .subject = another site was linked
    .text = From now on you log in with an account of { $issuer } too. Whoever has that account can do what can be done with yours.
sign-in-removed =
    .subject = another site was unlinked
    .text = An account of another site that was linked with yours logs you in no more. Your money and tokens do not move by that.
role-given =
    .subject = your roles changed
    .text = The role { role } { place-of-role } was given to you.
role-taken =
    .subject = your roles changed
    .text = The role { role } { place-of-role } was taken from you.
factors-resetting =
    .subject = your second factors will be set aside
    .text = Whoever runs the site was told that you lost your second factors, and two people there approved that they are set aside in { days }. Until then they count. After it your sessions, keys and applications end, and you add a new factor with your password and a code that comes to this address. If you have your factors still, log in and keep them where your account is shown.
factors-stay =
    .subject = your second factors stay
    .text = Your second factors are not set aside: that was ended. They go on counting.
factors-reset =
    .subject = your second factors were set aside
    .text = As was announced to you, your authenticator app, passkeys and recovery codes count no more. All sessions were ended, keys that you made are revoked, and applications act for you no more. When you log in with your password, a code comes to this address, with which you add a new second factor; nothing else can be done before.
app-added =
    .subject = an authenticator app was added
    .text = From now on a code of the new authenticator app is asked for when you log in with your password; codes of an app before it do not count any more.
passkey-added =
    .subject = a passkey was added
    .text = From now on the passkey "{ $label }" logs you in.
recovery-codes-made =
    .subject = new recovery codes were made
    .text = Recovery codes that you had before do not count any more.
recovery-code-used =
    .subject = a recovery code was used
    .text = A login was completed with a recovery code instead of an app or a passkey. The code is used up. If few are left, make new ones.
codes-guessed =
    .subject = somebody who knows your password has no code
    .text = Somebody gave your right password and then several wrong codes; that login was ended. If it was you, try again with a new code. If it was not you, your password is known to others.
passkey-copied =
    .subject = there may be a copy of your passkey
    .text = A passkey of yours answered with a counter that had been used before, and was refused. That happens when there is a copy of it. Remove this passkey and add a new one.
factor-removed =
    .subject = a second factor was removed
    .text = It was { factor }.
factor-removal-begun =
    .subject = your last second factor will be removed
    .text = Somebody who is logged in as you, probably you, asked to remove { factor }. It goes in 72 hours. Until then it counts as before, and you can take the removal back where your factors are shown.
factor-stays =
    .subject = your second factor stays
    .text = The removal of a second factor was taken back; it goes on counting. If you did not ask for the removal, others act in your name.
factor-removal-done =
    .subject = a second factor was removed
    .text = The removal that was announced to you is done. If no other second factor is left, your password alone logs you in from now on.
frozen =
    .subject = everything in your name was stopped
    .text =
        With a code of a mail to you, somebody said at { $origin } that an act there was not yours. All sessions were ended, the keys that were made in your name are revoked, and nobody logs in as you.
        To come back, ask there for a new password. Second factors stay as they are: remove those that are not yours. Whoever runs the site was told.

alert =
    .subject = alert: { alert-kind }
    .text =
        At { $origin } a rule for alerts held: { alert-kind } ({ $kind }).
        It is about
    .number = The alert is number
    .end = Read it there among the alerts. The page docs/alerts.md says of each rule what to do. There is one mail for each rule, subject and day, however often it holds.
key-expires =
    .subject = a key ends within { days }
    .text = At { $origin } a key for programs ends within { days }, and what uses it stops then. It is called "{ $label }"; its id is
    .end = If it is still needed, rotate it before: the new key has the same policy, and both work for a while.

verification-approved =
    .subject = your verification
    .text = You are verified.
verification-more =
    .subject = your verification
    .text = More is needed before you are verified:
verification-refused =
    .subject = your verification
    .text = You were not verified. Money of yours that is in an offering goes back to you. The reasons:
verification-over =
    .subject = your verification
    .text = The time of your verification is over. Begin it anew if you want to take part in more.
verification-again =
    .subject = your verification
    .text = Your verification is still good, and it is time to look at it again: begin it anew and say whether anything changed.
# Under every mail about a verification.
verification =
    .end = Everything about it is on the site, when you are logged in.
    .reason = { $reason ->
        [unreadable] A document cannot be read: take the picture again in good light, without reflections.
        [incomplete] A part of a document is missing: show all of it, both sides of a card.
        [document_over] A document is over: show one that is valid today.
        [wrong_document] A document is not of the kind that was asked for.
        [differs] What the documents say differs from what you wrote: correct one or the other.
        [face_differs] The picture does not show the person of the document.
        [address_not_proved] The address is not proved: show a letter or bill that is not older than three months.
        [funds_not_proved] It is not clear where the money comes from: show more of it.
        [under_age] You are not old enough to take part.
        [country_not_served] People who live in this country cannot take part.
        [duplicate] You are verified under another account already.
        [sanctions] The law does not allow to deal with you.
        [not_genuine] A document is not genuine.
       *[law_other] The law does not allow it; the operator says more on request.
    }

# Parts of the sentences above.
days = { $days ->
    [one] a day
   *[other] { $days } days
}
factor = { $factor ->
    [totp] your authenticator app
   *[passkey] a passkey
}
place-of-work = { $reach ->
    [all] { $site }
   *[one] the offering { $place }
}
place-of-role = { $reach ->
    [all] of the whole organisation
   *[one] for the offering { $place }
}
role = { $role ->
    [owner] owner
    [issuer_manager] issuer manager
    [compliance_officer] compliance officer
    [treasurer] treasurer
    [support] support
    [auditor] auditor
    [investor] investor
   *[developer] developer
}
alert-kind = { $kind ->
    [person_frozen] a person was frozen
    [logins_failed] many failed logins of one person
    [spraying] one source tries many accounts
    [canary_used] a canary key was used
    [rights_widened] a person got a role
    [owners_changed] the owners changed
    [factors_resetting] the second factors of a person are to be set aside
    [address_changing] the address of an account is to change
    [unusual_login] a login that is probably not the person's
    [session_moved] a session goes on elsewhere
    [unusual_key_use] a key is used as it never was
    [unusual_money] money moves as it never did
    [takeover] control of an account is handed on
    [site_failures] logins fail all over the site
   *[log_gap] the audit is not what its log says
}
