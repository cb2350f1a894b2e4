design-title = Gestaltung
design-lead = Die Teile, aus denen alle Seiten dieser Website bestehen, hell und dunkel.
design-colours = Farben
design-type = Schrift
design-sample = Jeder kann jede Zahl prüfen.
design-moment = Ein Zeitpunkt:
design-buttons = Knöpfe
design-main-action = Beitragen
design-other-action = Erst rechnen
design-not-yet = Abholen (ab 2. März)
design-final-action = „Harbour“ ankündigen
design-small-action = Ändern
design-words = Worte in Kästen
design-to-know = Gut zu wissen.
design-done = Erledigt.
design-mind = Bitte beachten.
design-stopped = Das ging nicht.
design-empty = Hier ist noch nichts
design-empty-text = Ein leerer Platz sagt, was hier stehen wird, warum er leer ist und was zu tun ist.
design-forms = Formulare
design-field = Ein Feld
design-hint = Sagt vor dem Tippen, was gemeint ist.
design-amount = Betrag
design-choice = Eine Wahl, die man zurücknehmen kann
design-facts = Angaben und Schritte
design-step-done = Empfangen
design-step-now = Gezählt
design-step-later = Ergebnis
design-charts = Diagramme
design-chart-finding = 62 % der Obergrenze sind erreicht; die Mindestsumme liegt hinter uns.
design-what = Was
soft-cap = Mindestsumme
hard-cap = Obergrenze
phase-draft = Entwurf
phase-announced = Angekündigt
phase-open = Offen
phase-paused = Angehalten
phase-between_rounds = Zwischen den Runden
phase-closed = Verkauf vorbei
phase-cancelled = Abgesagt
phase-expired = Abgelaufen
phase-distributing = Token werden übergeben
phase-refunding = Geld geht zurück
phase-finished = Abgeschlossen
size-million = Mio.
size-billion = Mrd.
span-none = sofort
span-days = { $count ->
    [one] 1 Tag
   *[other] { $count } Tage
  }
span-hours = { $count ->
    [one] 1 Stunde
   *[other] { $count } Stunden
  }
span-minutes = { $count ->
    [one] 1 Minute
   *[other] { $count } Minuten
  }
span-seconds = { $count ->
    [one] 1 Sekunde
   *[other] { $count } Sekunden
  }
amount-empty = Geben Sie einen Betrag ein.
amount-not-a-number = Geben Sie den Betrag in Ziffern ein, zum Beispiel 1.000,50.
amount-ambiguous = Das könnte zwei Beträge bedeuten. Schreiben Sie 1000 für tausend oder 1,0 für eins.
amount-too-fine = Das hat mehr Nachkommastellen als die Währung.
amount-too-large = Das ist mehr, als ein Betrag sein kann.
amount-zero = Der Betrag muss größer als null sein.
