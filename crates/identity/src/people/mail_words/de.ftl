# Was Mails sagen, siehe en.ftl.

code-sign-up =
    .subject = Bestätigen Sie Ihre Adresse
    .text =
        Jemand, wahrscheinlich Sie, möchte sich bei { $origin } mit dieser Adresse registrieren.
        Geben Sie dort innerhalb von 24 Stunden diesen Code ein, um fortzufahren. Er gilt einmal:
    .end = Waren Sie es nicht, so tun Sie nichts: Ohne den Code registriert sich niemand mit Ihrer Adresse. Geben Sie den Code niemandem; wir fragen nie danach.
code-recovery =
    .subject = Setzen Sie ein neues Passwort
    .text =
        Jemand, wahrscheinlich Sie, möchte bei { $origin } ein neues Passwort setzen.
        Geben Sie dort innerhalb einer Stunde diesen Code ein, um fortzufahren. Er gilt einmal:
    .end = Dann enden alle Ihre Sitzungen. Ein zweiter Faktor, falls Sie einen haben, bleibt und wird verlangt. Waren Sie es nicht, so tun Sie nichts, und nichts ändert sich. Geben Sie den Code niemandem; wir fragen nie danach.
code-enrolment =
    .subject = Fügen Sie einen zweiten Faktor hinzu
    .text =
        Jemand, wahrscheinlich Sie, hat sich bei { $origin } mit Ihrem Passwort angemeldet. Ihre zweiten Faktoren wurden aufgehoben, deshalb ist zuerst ein neuer hinzuzufügen.
        Geben Sie dort innerhalb einer Stunde diesen Code ein, um fortzufahren. Er gilt einmal:
    .end = Waren Sie es nicht, so kennen andere Ihr Passwort: Fordern Sie dort ein neues an. Geben Sie den Code niemandem; wir fragen nie danach.
known-already =
    .subject = Sie haben sich schon registriert
    .text =
        Jemand, wahrscheinlich Sie, möchte sich bei { $origin } mit dieser Adresse registrieren, mit der Sie sich schon registriert haben.
        Melden Sie sich an, oder fordern Sie dort ein neues Passwort an, falls Sie Ihres nicht wissen.
        Waren Sie es nicht, so tun Sie nichts: Es hat sich nichts geändert.
nobody-known =
    .subject = Niemand hat sich mit dieser Adresse registriert
    .text =
        Jemand, wahrscheinlich Sie, möchte bei { $origin } ein neues Passwort setzen. Mit dieser Adresse hat sich dort niemand registriert, vielleicht haben Sie es mit einer anderen getan.
        Waren Sie es nicht, so tun Sie nichts.
new-address =
    .subject = Bestätigen Sie Ihre neue Adresse
    .text =
        Jemand, wahrscheinlich Sie, möchte diese Adresse für ein Konto bei { $origin }.
        Geben Sie dort, im Konto, innerhalb einer Stunde diesen Code ein, um fortzufahren. Er gilt einmal:
    .end = Waren Sie es nicht, so tun Sie nichts: Ohne den Code ändert sich nichts. Geben Sie den Code niemandem; wir fragen nie danach.
new-address-known =
    .subject = Ein Konto hat diese Adresse schon
    .text =
        Jemand, wahrscheinlich Sie, möchte diese Adresse für ein Konto bei { $origin }. Ein anderes Konto dort hat sie schon, und eine Adresse gehört zu einem Konto. Nichts ändert sich.
        Waren Sie es nicht, so tun Sie nichts.

invitation-role =
    .subject = Sie sind eingeladen
    .text =
        Sie sind eingeladen, in der Rolle { role } für { place-of-work } zu arbeiten. Wenn Sie angenommen haben, bestätigt es dort eine zweite Person.

        Gehen Sie zu { $origin }/invitation, melden oder registrieren Sie sich dort, und geben Sie innerhalb von sieben Tagen diesen Code ein. Er gilt einmal:
    .end = Haben Sie nichts dergleichen erwartet, so tun Sie nichts. Geben Sie den Code niemandem; wir fragen nie danach.
invitation-sale =
    .subject = Sie sind eingeladen
    .text =
        Sie sind eingeladen, am Angebot { $place } teilzunehmen. Lesen Sie es zuerst bei { $origin }/offerings/{ $place }: Eine Einladung ist kein Rat, Geld einzuzahlen.

        Gehen Sie zu { $origin }/invitation, melden oder registrieren Sie sich dort, und geben Sie innerhalb von sieben Tagen diesen Code ein. Er gilt einmal:
    .end = Haben Sie nichts dergleichen erwartet, so tun Sie nichts. Geben Sie den Code niemandem; wir fragen nie danach.

not-me =
    .text = Waren Sie es nicht, so sagen Sie es mit diesem Code bei { $origin }/not-me. Dann enden sofort alle Ihre Sitzungen, Schlüssel, die Sie gemacht haben, werden widerrufen, Änderungen, die auf ihre Zeit warten, beendet, und niemand meldet sich an, bis Sie per Mail ein neues Passwort setzen. Er gilt einmal, 30 Tage lang; er lässt niemanden hinein:
    .end = Waren Sie es, so tun Sie nichts.
password-recovered =
    .subject = Ihr Passwort wurde geändert
    .text = Ihr Passwort wurde mit einem Code geändert, der an diese Adresse ging. Alle Sitzungen wurden beendet.
password-changed =
    .subject = Ihr Passwort wurde geändert
    .text = Ihr Passwort wurde von jemandem geändert, der angemeldet war und das alte wusste.
new-place =
    .subject = Eine Anmeldung von einem neuen Ort
    .text = Jemand hat sich mit Ihrem Passwort, einem Passkey, einer Wallet oder einer anderen Website von der Adresse { $address } angemeldet, aus deren Netz Sie sich noch nie oder seit 90 Tagen nicht angemeldet hatten.
key-made =
    .subject = Ein Schlüssel wurde gemacht
    .text = In Ihrem Namen wurde ein Schlüssel für Programme gemacht. Er heißt „{ $label }“.
application-allowed =
    .subject = Eine Anwendung darf für Sie handeln
    .text = In Ihrem Namen wurde einer Anwendung erlaubt, für Sie zu handeln. Sie nennt sich „{ $label }“. Was sie darf und wie Sie es beenden, steht bei { $origin }/apps.
address-begun =
    .subject = Ihre Mailadresse wird sich ändern
    .text = Jemand, der als Sie angemeldet ist, wahrscheinlich Sie, möchte eine andere Mailadresse für Ihr Konto und hat den Code eingegeben, der dorthin ging. In { days } tritt sie an die Stelle der jetzigen. Bis dahin geht, was Sie warnt, an beide, und die Änderung lässt sich beenden, wo Ihr Konto gezeigt wird.
address-ended =
    .subject = Ihre Mailadresse bleibt
    .text = Die Änderung der Adresse Ihres Kontos wurde von jemandem beendet, der als Sie angemeldet ist. Die bisherige Adresse bleibt.
address-changed =
    .subject = Ihre Mailadresse wurde geändert
    .text = Die Änderung, die Ihnen angekündigt wurde, ist geschehen: Von jetzt an gilt die neue Adresse, und Mails gehen nur noch dorthin.
address-taken =
    .subject = Ihre Mailadresse bleibt
    .text = Die Änderung, die Ihnen angekündigt wurde, ist nicht möglich, weil die neue Adresse hier nicht mehr verwendet werden kann. Die bisherige bleibt.
wallet-added =
    .subject = Eine Wallet wurde hinzugefügt
    .text = Von jetzt an meldet Sie auch eine Wallet an, die Ihrem Konto hinzugefügt wurde. Was mit Ihrem Konto möglich ist, ist auch mit dieser Wallet möglich.
wallet-removed =
    .subject = Eine Wallet wurde entfernt
    .text = Eine Wallet Ihres Kontos meldet Sie nicht mehr an. Ihr Geld und Ihre Token bewegen sich dadurch nicht.
sign-in-added =
    .subject = Eine andere Website wurde verknüpft
    .text = Von jetzt an melden Sie sich auch mit einem Konto von { $issuer } an. Wer jenes Konto hat, kann alles, was mit Ihrem Konto möglich ist.
sign-in-removed =
    .subject = Eine andere Website wurde getrennt
    .text = Ein Konto einer anderen Website, das mit Ihrem verknüpft war, meldet Sie nicht mehr an. Ihr Geld und Ihre Token bewegen sich dadurch nicht.
role-given =
    .subject = Ihre Rollen haben sich geändert
    .text = Die Rolle { role } { place-of-role } wurde Ihnen gegeben.
role-taken =
    .subject = Ihre Rollen haben sich geändert
    .text = Die Rolle { role } { place-of-role } wurde Ihnen genommen.
factors-resetting =
    .subject = Ihre zweiten Faktoren werden aufgehoben
    .text = Dem Betreiber der Seite wurde gesagt, dass Sie Ihre zweiten Faktoren verloren haben, und zwei Personen dort haben zugestimmt, dass sie in { days } aufgehoben werden. Bis dahin gelten sie. Danach enden Ihre Sitzungen, Schlüssel und Anwendungen, und Sie fügen mit Ihrem Passwort und einem Code, der an diese Adresse geht, einen neuen Faktor hinzu. Haben Sie Ihre Faktoren noch, so melden Sie sich an und behalten Sie sie dort, wo Ihr Konto gezeigt wird.
factors-stay =
    .subject = Ihre zweiten Faktoren bleiben
    .text = Ihre zweiten Faktoren werden nicht aufgehoben: Das wurde beendet. Sie gelten weiter.
factors-reset =
    .subject = Ihre zweiten Faktoren wurden aufgehoben
    .text = Wie angekündigt gelten Ihre Authenticator-App, Ihre Passkeys und Ihre Wiederherstellungscodes nicht mehr. Alle Sitzungen wurden beendet, Schlüssel, die Sie gemacht haben, sind widerrufen, und Anwendungen handeln nicht mehr für Sie. Wenn Sie sich mit Ihrem Passwort anmelden, geht ein Code an diese Adresse, mit dem Sie einen neuen zweiten Faktor hinzufügen; vorher ist nichts anderes möglich.
app-added =
    .subject = Eine Authenticator-App wurde hinzugefügt
    .text = Von jetzt an wird bei der Anmeldung mit Passwort ein Code der neuen Authenticator-App verlangt; Codes einer früheren App gelten nicht mehr.
passkey-added =
    .subject = Ein Passkey wurde hinzugefügt
    .text = Von jetzt an meldet Sie der Passkey „{ $label }“ an.
recovery-codes-made =
    .subject = Neue Wiederherstellungscodes wurden gemacht
    .text = Frühere Wiederherstellungscodes gelten nicht mehr.
recovery-code-used =
    .subject = Ein Wiederherstellungscode wurde benutzt
    .text = Eine Anmeldung wurde mit einem Wiederherstellungscode statt mit App oder Passkey abgeschlossen. Der Code ist verbraucht. Sind wenige übrig, so machen Sie neue.
codes-guessed =
    .subject = Jemand kennt Ihr Passwort und hat keinen Code
    .text = Jemand gab Ihr richtiges Passwort und dann mehrere falsche Codes ein; diese Anmeldung wurde beendet. Waren Sie es, so versuchen Sie es mit einem neuen Code. Waren Sie es nicht, so kennen andere Ihr Passwort.
passkey-copied =
    .subject = Vielleicht gibt es eine Kopie Ihres Passkeys
    .text = Einer Ihrer Passkeys antwortete mit einem Zähler, der schon benutzt war, und wurde abgelehnt. Das geschieht, wenn es eine Kopie davon gibt. Entfernen Sie diesen Passkey und fügen Sie einen neuen hinzu.
factor-removed =
    .subject = Ein zweiter Faktor wurde entfernt
    .text = Es war { factor }.
factor-removal-begun =
    .subject = Ihr letzter zweiter Faktor wird entfernt
    .text = Jemand, der als Sie angemeldet ist, wahrscheinlich Sie, möchte einen zweiten Faktor entfernen; es ist { factor }. Er geht in 72 Stunden. Bis dahin gilt er wie bisher, und Sie können die Entfernung zurücknehmen, wo Ihre Faktoren gezeigt werden.
factor-stays =
    .subject = Ihr zweiter Faktor bleibt
    .text = Die Entfernung eines zweiten Faktors wurde zurückgenommen; er gilt weiter. Haben Sie die Entfernung nicht verlangt, so handeln andere in Ihrem Namen.
factor-removal-done =
    .subject = Ein zweiter Faktor wurde entfernt
    .text = Die angekündigte Entfernung ist geschehen. Ist kein anderer zweiter Faktor übrig, so meldet Sie von jetzt an Ihr Passwort allein an.
frozen =
    .subject = Alles in Ihrem Namen wurde angehalten
    .text =
        Mit einem Code aus einer Mail an Sie hat jemand bei { $origin } gesagt, dass eine Handlung dort nicht die Ihre war. Alle Sitzungen wurden beendet, die in Ihrem Namen gemachten Schlüssel sind widerrufen, und niemand meldet sich als Sie an.
        Um zurückzukommen, fordern Sie dort ein neues Passwort an. Zweite Faktoren bleiben, wie sie sind: Entfernen Sie jene, die nicht Ihre sind. Der Betreiber der Seite weiß davon.

alert =
    .subject = Alarm: { alert-kind }
    .text =
        Bei { $origin } traf eine Regel für Alarme zu: { alert-kind } ({ $kind }).
        Es geht um
    .number = Der Alarm hat die Nummer
    .end = Lesen Sie ihn dort unter den Alarmen. Die Seite docs/alerts.md sagt zu jeder Regel, was zu tun ist. Es gibt eine Mail für jede Regel, jeden Gegenstand und jeden Tag, wie oft sie auch zutrifft.
key-expires =
    .subject = Ein Schlüssel endet innerhalb { days-of }
    .text = Bei { $origin } endet innerhalb { days-of } ein Schlüssel für Programme, und was ihn benutzt, hört dann auf. Er heißt „{ $label }“; seine Kennung ist
    .end = Wird er noch gebraucht, so ersetzen Sie ihn vorher: Der neue Schlüssel darf dasselbe, und eine Weile gelten beide.

verification-approved =
    .subject = Ihre Prüfung
    .text = Sie sind geprüft.
verification-more =
    .subject = Ihre Prüfung
    .text = Es fehlt noch etwas, bevor Sie geprüft sind:
verification-refused =
    .subject = Ihre Prüfung
    .text = Ihre Prüfung wurde abgelehnt. Geld von Ihnen, das in einem Angebot ist, geht an Sie zurück. Die Gründe:
verification-over =
    .subject = Ihre Prüfung
    .text = Die Zeit Ihrer Prüfung ist abgelaufen. Beginnen Sie sie neu, wenn Sie an mehr teilnehmen wollen.
verification-again =
    .subject = Ihre Prüfung
    .text = Ihre Prüfung gilt noch, und es ist Zeit, sie wieder anzusehen: Beginnen Sie sie neu und sagen Sie, ob sich etwas geändert hat.
verification =
    .end = Alles darüber steht auf der Seite, wenn Sie angemeldet sind.
    .reason = { $reason ->
        [unreadable] Ein Dokument ist nicht zu lesen: Nehmen Sie das Bild noch einmal auf, bei gutem Licht und ohne Spiegelung.
        [incomplete] Ein Teil eines Dokuments fehlt: Zeigen Sie es ganz, bei einer Karte beide Seiten.
        [document_over] Ein Dokument ist abgelaufen: Zeigen Sie ein heute gültiges.
        [wrong_document] Ein Dokument ist nicht von der Art, nach der gefragt war.
        [differs] Was die Dokumente sagen, weicht von Ihren Angaben ab: Berichtigen Sie das eine oder das andere.
        [face_differs] Das Bild zeigt nicht die Person des Dokuments.
        [address_not_proved] Die Anschrift ist nicht belegt: Zeigen Sie einen Brief oder eine Rechnung, nicht älter als drei Monate.
        [funds_not_proved] Es ist nicht klar, woher das Geld kommt: Zeigen Sie mehr davon.
        [under_age] Sie sind nicht alt genug, um teilzunehmen.
        [country_not_served] Wer in diesem Land wohnt, kann nicht teilnehmen.
        [duplicate] Sie sind unter einem anderen Konto schon geprüft.
        [sanctions] Das Gesetz erlaubt nicht, mit Ihnen Geschäfte zu machen.
        [not_genuine] Ein Dokument ist nicht echt.
       *[law_other] Das Gesetz erlaubt es nicht; der Betreiber sagt auf Anfrage mehr.
    }

# Teile der Sätze oben.
days = { $days ->
    [one] einem Tag
   *[other] { $days } Tagen
}
days-of = { $days ->
    [one] eines Tages
   *[other] von { $days } Tagen
}
factor = { $factor ->
    [totp] Ihre Authenticator-App
   *[passkey] ein Passkey
}
place-of-work = { $reach ->
    [all] { $site }
   *[one] das Angebot { $place }
}
place-of-role = { $reach ->
    [all] für die ganze Organisation
   *[one] für das Angebot { $place }
}
role = { $role ->
    [owner] „Inhaber“
    [issuer_manager] „Angebotsleitung“
    [compliance_officer] „Compliance“
    [treasurer] „Schatzmeister“
    [support] „Hilfe“
    [auditor] „Prüfung“
    [investor] „Anleger“
   *[developer] „Entwicklung“
}
alert-kind = { $kind ->
    [person_frozen] Jemand sagte: Das war ich nicht
    [logins_failed] viele misslungene Anmeldungen einer Person
    [spraying] ein Netz probiert viele Konten
    [canary_used] ein Kanarienvogel wurde benutzt
    [rights_widened] eine Person bekam eine Rolle
    [owners_changed] die Eigentümer haben gewechselt
    [factors_resetting] die zweiten Faktoren eines Menschen sollen wegfallen
    [address_changing] die Mailadresse eines Kontos soll sich ändern
    [unusual_login] eine Anmeldung, die wohl nicht von der Person ist
    [session_moved] eine Sitzung geht anderswo weiter
    [unusual_key_use] ein Schlüssel wird benutzt wie noch nie
    [unusual_money] Geld bewegt sich wie noch nie
    [takeover] die Herrschaft über ein Konto geht über
    [site_failures] überall misslingen Anmeldungen
   *[log_gap] das Prüfprotokoll ist nicht, was sein Protokoll sagt
}
