design-title = Design
design-lead = The parts that all pages of this site are made of, in light and dark.
design-colours = Colours
design-type = Type
design-sample = Anyone can check every number.
design-moment = A moment:
design-buttons = Buttons
design-main-action = Contribute
design-other-action = Calculate first
design-not-yet = Claim (from 2 March on)
design-final-action = Announce "Harbour"
design-small-action = Change
design-words = Words in boxes
design-to-know = Good to know.
design-done = Done.
design-mind = Mind this.
design-stopped = This did not work.
design-empty = Nothing here yet
design-empty-text = An empty place says what will be here, why it is empty, and what to do.
design-forms = Forms
design-field = A field
design-hint = Says what is wanted before anybody types.
design-amount = Amount
design-choice = A choice that can be taken back
design-facts = Facts and steps
design-step-done = Received
design-step-now = Counted
design-step-later = Result
design-charts = Charts
design-chart-finding = 62% of the hard cap is reached; the soft cap is behind us.
design-what = What
soft-cap = Soft cap
hard-cap = Hard cap
phase-draft = Draft
phase-announced = Announced
phase-open = Open
phase-paused = Paused
phase-between_rounds = Between rounds
phase-closed = Sale over
phase-cancelled = Cancelled
phase-expired = Expired
phase-distributing = Handing over tokens
phase-refunding = Paying back
phase-finished = Finished
size-million = million
size-billion = billion
span-none = at once
span-days = { $count ->
    [one] 1 day
   *[other] { $count } days
  }
span-hours = { $count ->
    [one] 1 hour
   *[other] { $count } hours
  }
span-minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
  }
span-seconds = { $count ->
    [one] 1 second
   *[other] { $count } seconds
  }
amount-empty = Type an amount.
amount-not-a-number = Type the amount in digits, such as 1,000.50.
amount-ambiguous = This could mean two amounts. Write 1000 for a thousand, or 1.0 for one.
amount-too-fine = This has more decimal places than the currency.
amount-too-large = This is more than any amount can be.
amount-zero = The amount must be more than nothing.
