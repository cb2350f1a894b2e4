skip = Zum Inhalt springen
nav-main = Hauptmenü
nav-offerings = Angebote
nav-verification = Selbst prüfen
nav-portfolio = Ihre Beiträge
nav-account = Konto:
nav-log-in = Anmelden
nav-sign-up = Registrieren
nav-log-out = Abmelden
nav-second-factor = Anmeldung abschließen
footer-record = Jede Zahl auf diesen Seiten folgt aus einem öffentlichen Protokoll.
footer-verify = Selbst prüfen
footer-developer = Für Entwickler
footer-design = Gestaltung
copy = Kopieren
copied = Kopiert
error-title = Fehler:
error-summary = Es gibt ein Problem
show-table = Als Tabelle zeigen

# What search engines show below a page that says nothing of its own.
site-description = Token-Angebote, bei denen jede Zahl von jedem nachgerechnet werden kann.
