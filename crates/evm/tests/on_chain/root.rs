//! An auction whose outcome comes as a root: announced, followed, settled in the record, posted, claimed.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use softcap_evm::{
    AfterSalePlace, ChainEntries, ChainSource, Draft, EscrowKind, EscrowLog, EvmError, Exit,
    FactoryKind, Header, IssuerAct, LeafFlaw, LeafRules, ListOutcome, PaidIn, PaidOut, Place,
    ProvedLeaf, RootAct, RootAnnouncement, RootPhase, RootStanding, SaleTerms, bid_draft,
    bindings::token::SaleToken,
    check_root,
    comparison::{ChainRecord, NamedEscrow},
    is_closed, read_back, require_factory, root_account, root_announcement, root_refunds_open,
    sale_terms_at,
};
use softcap_offering::{
    Admit, Amount, Command, CurrencyIndex, InvestorId, Offering, Outcome, RoundIndex, Sequence,
    Tokens, Value, Verdict, WithdrawalMark, terms::Terms,
};
use softcap_proof::bundle::settlement_tree;

use crate::fixture::{BEFORE, Chain, OPEN, ether, terms};
use crate::recorded::{at, endpoints, enter, escrow_at};
use crate::sale::{permit, refusal};

pub(crate) const DAY: u64 = 86_400;

/// 200,000 HBR for bids of at most 0.01 ETH, with limits for one token.
pub(crate) fn by_root() -> Terms {
    terms(&[
        ("hard_cap = \"100 ETH\"\n", ""),
        ("per = \"investor\"", "per = \"contribution\""),
        (
            "price = \"0.0007 ETH per HBR\"\nallocation = \"first_come\"\n",
            "supply = \"200_000 HBR\"\npricing = { kind = \"bids\" }\nover_limit = \"refuse\"\n",
        ),
        (
            "[currency.ETH]",
            "[root]\nceiling = \"0.01 ETH per HBR\"\nshare = \"20 %\"\nchallenge = \"7 days\"\n\
             claims = \"90 days\"\n[currency.ETH]",
        ),
    ])
}

/// Of the record, without a limit.
pub(crate) fn admission(investor: InvestorId<'_>, guaranteed: Value) -> Admit<'_> {
    Admit {
        round: RoundIndex(0),
        investor,
        limit: None,
        expires: None,
        guaranteed,
        withdrawal: WithdrawalMark::Unmarked,
    }
}

/// The sale on a chain, and the record that follows it.
pub(crate) struct Auction {
    pub(crate) chain: Chain,
    pub(crate) place: Place,
    pub(crate) told: RootAnnouncement,
    /// Number of the entry that named the escrow.
    named: Sequence,
    announced: Header,
    source: ChainSource,
    entries: ChainEntries,
    pub(crate) offering: Offering,
    /// The entries of the record so far.
    pub(crate) record: ChainRecord,
    /// Everything that the escrow said so far.
    logs: Vec<EscrowLog>,
}

impl Auction {
    async fn open() -> Self {
        Self::of(by_root()).await
    }

    pub(crate) async fn of(terms: Terms) -> Self {
        Self::reserving(terms, &[]).await
    }

    /// With amounts that the record reserves for accounts before the escrow is named.
    pub(crate) async fn reserving(terms: Terms, reserved: &[(usize, Value)]) -> Self {
        let (chain, terms) = (Chain::new(), Arc::new(terms));
        let told = root_announcement(&terms, terms.root.unwrap(), &chain.parties()).unwrap();
        let factory = chain.factory(EscrowKind::Root).await;
        let (place, _) = chain.announce_at(factory, &told).await;
        let endpoints = endpoints(&chain);
        let block = |number| endpoints.block(number);
        let announced: Header = block(chain.node.height()).await.unwrap().header();
        let behind: Header = block(announced.number - 1).await.unwrap().header();
        let escrow = escrow_at(place);
        let (mut offering, mut record) = (Offering::new(terms), ChainRecord::default());
        let (terms_hash, stamp) = (offering.terms_hash(), at(announced.timestamp));
        let admit = |(account, guaranteed): &(usize, Value)| {
            let investor = InvestorId::Address(chain.address(*account).into());
            Command::Admit(admission(investor, *guaranteed))
        };
        let admitted = reserved.iter().map(admit);
        let first = [Command::Announce { terms_hash }].into_iter();
        let named = offering.next_sequence().0 + 1 + reserved.len() as u64;
        for command in first.chain(admitted).chain([Command::Escrow(escrow)]) {
            let entered = enter(&mut record, &mut offering, stamp, None, command);
            assert_eq!(entered, Outcome::Done);
        }
        chain.later(BEFORE);
        Self {
            source: ChainSource::new(endpoints, place.escrow, behind, 0, 1_000),
            entries: ChainEntries::new(escrow),
            logs: Vec::new(),
            named: Sequence(named),
            announced,
            offering,
            record,
            told,
            place,
            chain,
        }
    }

    /// 120 coins at 0.001 coin, 60 at 0.0005, 90 at 0.002: at 0.001 the whole lot costs 200, of which the highest bid pays
    /// 90, the first one 110, and the second one nothing.
    pub(crate) async fn with_three_bids() -> Self {
        let auction = Self::open().await;
        for (account, milli, limit) in [(4, 120_000, 1_000), (5, 60_000, 500), (6, 90_000, 2_000)] {
            auction.bid(account, milli, limit).await.unwrap();
        }
        auction
    }

    /// `limit` in millionths of a coin for one token.
    async fn bid(&self, account: usize, milli: u64, limit: u64) -> Result<U256, EvmError> {
        let limit = U256::from(limit) * U256::from(1_000_000_000_000_u64);
        self.pay(account, milli, limit).await
    }

    /// With a limit as the contract takes it.
    pub(crate) async fn pay(
        &self,
        account: usize,
        milli: u64,
        limit: U256,
    ) -> Result<U256, EvmError> {
        self.pay_units(account, ether(milli), limit).await
    }

    pub(crate) async fn pay_units(
        &self,
        account: usize,
        amount: U256,
        limit: U256,
    ) -> Result<U256, EvmError> {
        let shown = permit(&self.chain, self.place, account, ether(1_000_000)).await;
        let parties = (self.place.escrow, self.chain.address(account));
        let draft = bid_draft(parties, PaidIn::Coin, (amount, limit), Some(&shown));
        self.chain.run(account, &draft).await
    }

    fn draft(&self, account: usize, act: RootAct) -> Draft {
        act.draft(self.place.escrow, self.chain.address(account))
    }

    pub(crate) async fn act(&self, account: usize, act: RootAct) {
        let draft = self.draft(account, act);
        self.chain.run(account, &draft).await.unwrap();
    }

    pub(crate) async fn exit(&self, account: usize, exit: Exit) -> Result<U256, EvmError> {
        let draft = exit.draft(self.place.escrow, self.chain.address(account));
        self.chain.run(account, &draft).await
    }

    /// Enters what the escrow said since, as the rail does; how many entries that made.
    pub(crate) async fn follow(&mut self) -> usize {
        let mut made = 0;
        loop {
            let polled = self.source.poll().await.unwrap();
            self.entries.look_ahead(&polled.logs);
            for log in &polled.logs {
                for entry in self.entries.of(log, &self.offering) {
                    let request = Some(entry.request);
                    let command = entry.command();
                    let (record, offering) = (&mut self.record, &mut self.offering);
                    let outcome = enter(record, offering, entry.stamp(), request, command.clone());
                    assert_eq!(entry.check(&outcome, &self.offering), Ok(()), "{log:?}");
                    let again = self
                        .offering
                        .apply_request(entry.stamp(), request, &command);
                    assert!(matches!(again, Outcome::RepeatOf(_)), "{log:?}");
                    made += 1;
                }
            }
            self.logs.extend(polled.logs);
            if !polled.more {
                return made;
            }
        }
    }

    /// The record is settled once the window is over on the chain; its root.
    pub(crate) async fn settle(&mut self) -> B256 {
        self.chain.later(OPEN);
        self.follow().await;
        self.enter_at_head(Command::Tick).await;
        let settled = self.enter_at_head(Command::Settle).await;
        assert!(matches!(settled, Outcome::Settled(_)), "{settled:?}");
        let tree = settlement_tree(&self.offering).unwrap().unwrap();
        B256::from(tree.root().0)
    }

    /// An entry that is not of the rail, at the time of the chain.
    pub(crate) async fn enter_at_head(&mut self, command: Command<'_>) -> Outcome {
        let now = at(self.chain.client.head().await.unwrap().timestamp);
        enter(&mut self.record, &mut self.offering, now, None, command)
    }

    /// Leaves with proofs, in the order of accounts 4, 5 and 6.
    pub(crate) fn leaves(&self) -> Vec<ProvedLeaf> {
        self.leaves_of(&[4, 5, 6])
    }

    pub(crate) fn leaves_of(&self, accounts: &[usize]) -> Vec<ProvedLeaf> {
        let tree = settlement_tree(&self.offering).unwrap().unwrap();
        let mut file = std::io::Cursor::new(Vec::new());
        tree.write_to(&mut file).unwrap();
        file.set_position(0);
        let mut file = softcap_proof::TreeFile::open(file).unwrap();
        let leaf = |account: &usize| {
            let investor = InvestorId::Address(self.chain.address(*account).into());
            let proof = softcap_proof::investor_proof::InvestorProof::new(
                &self.offering,
                investor,
                &mut file,
            );
            ProvedLeaf::new(&proof.unwrap()).unwrap()
        };
        accounts.iter().map(leaf).collect()
    }

    /// What named the escrow.
    pub(crate) fn named(&self) -> NamedEscrow {
        NamedEscrow {
            entry: self.named,
            at: escrow_at(self.place),
            second: self.announced.timestamp,
        }
    }

    pub(crate) async fn standing(&self) -> RootStanding {
        let client = &self.chain.client;
        RootStanding::read_from(client, self.place.escrow)
            .await
            .unwrap()
    }

    /// The last thing that the escrow said.
    pub(crate) fn last(&self) -> &EscrowLog {
        self.logs.last().unwrap()
    }

    pub(crate) async fn tokens(&self, account: usize) -> U256 {
        let account = self.chain.address(account);
        let call = SaleToken::balanceOfCall { account };
        self.chain
            .client
            .call(self.place.token, &call)
            .await
            .unwrap()
    }

    pub(crate) fn refund_paid(&self, account: usize) -> Option<Amount> {
        let investor = InvestorId::Address(self.chain.address(account).into());
        self.offering.refund_paid(investor, CurrencyIndex(0))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_by_root_is_read_back_whole() {
    let auction = Auction::open().await;
    let (client, place) = (&auction.chain.client, auction.place);
    require_factory(client, place.factory, FactoryKind::Root)
        .await
        .unwrap();
    let alone = AfterSalePlace::default();
    read_back(client, (place, &alone), &auction.told)
        .await
        .unwrap();
    let there = sale_terms_at(client, place.escrow).await.unwrap();
    let SaleTerms::Root(there) = there else {
        panic!("{there:?}");
    };
    assert_eq!(there.token, place.token);
    assert_eq!(there.termsHash.0, by_root().hash().0);

    let mut told = auction.told.clone();
    told.terms.ceiling += U256::from(1);
    let error = read_back(client, (place, &alone), &told).await.unwrap_err();
    let EvmError::Different { differences, .. } = error else {
        panic!("{error}");
    };
    assert!(
        differences
            .iter()
            .any(|line| line.starts_with("ceiling is")),
        "{differences:?}"
    );
    assert!(
        differences
            .iter()
            .any(|line| line == "the escrow has other code"),
        "{differences:?}"
    );
    // Neither factory passes for the other.
    let wrong = require_factory(client, place.factory, FactoryKind::Sale).await;
    assert!(wrong.unwrap_err().to_string().starts_with("R206: "));
    let plain = auction.chain.factory(EscrowKind::Plain).await;
    assert!(
        require_factory(client, plain, FactoryKind::Root)
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_by_root_is_followed_to_the_last_claim() {
    let mut auction = Auction::with_three_bids().await;
    // An admission and a bid of each.
    assert_eq!(auction.follow().await, 6);
    let root = auction.settle().await;
    let settled = auction.offering.settlement().unwrap().settled;
    assert_eq!(settled.verdict, Verdict::Succeeded);
    assert_eq!(settled.raised, Value(200_000_000_000_000_000_000));
    assert_eq!(settled.sold, Tokens(200_000_000_000_000_000_000_000));

    let leaves = auction.leaves();
    let rows = leaves.iter().map(|proved| {
        let leaf = &proved.leaf;
        [
            leaf.tokens / ether(1_000),
            leaf.accepted / ether(1_000),
            leaf.refunded / ether(1_000),
        ]
        .map(|number| number.to::<u64>())
    });
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows, [[110_000, 110, 10], [0, 0, 60], [90_000, 90, 0]]);

    auction.act(0, RootAct::Post(root)).await;
    assert_eq!(auction.follow().await, 0);
    let posted = auction.last();
    assert_eq!(check_root(posted, &auction.offering), Ok(()));
    let standing = auction.standing().await;
    assert_eq!(
        (standing.phase, standing.root),
        (RootPhase::Posted, Some(root))
    );
    assert_eq!(standing.contributed, 270_000_000_000_000_000_000);
    let claims = standing.claims_until.unwrap() - standing.challenge_until.unwrap();
    assert_eq!(claims, 90 * DAY);

    let own = RootAct::Claim(leaves[0].clone());
    let early = auction
        .chain
        .client
        .try_out(&auction.draft(4, own.clone()))
        .await;
    assert!(refusal(early.unwrap_err()).starts_with("ChallengeOpen"));
    auction.chain.later(7 * DAY);
    auction.act(4, own).await;
    // The first one is paid already; the others are.
    let draft = auction.draft(9, RootAct::Distribute(leaves));
    let cost = auction.chain.client.try_out(&draft).await.unwrap();
    let signer = auction.chain.signer(9);
    let receipt = auction
        .chain
        .client
        .send(&draft, &cost, signer)
        .await
        .unwrap();
    let mut outcome = ListOutcome::default();
    outcome.add(auction.place.escrow, &receipt);
    let (five, six) = (auction.chain.address(5), auction.chain.address(6));
    let paid = [
        (five, PaidOut::Money(ether(60_000))),
        (six, PaidOut::Tokens(ether(90_000_000))),
    ];
    assert_eq!(
        (outcome.paid, outcome.skipped),
        (paid.to_vec(), vec![auction.chain.address(4)])
    );
    auction.exit(9, Exit::Draw).await.unwrap();
    // Tokens and a refund of the first one, a refund of the second, tokens of the third; the draw has no entry.
    assert_eq!(auction.follow().await, 4);
    let paid = [4, 5, 6].map(|account| auction.refund_paid(account));
    assert_eq!(
        paid,
        [
            Some(Amount(10_000_000_000_000_000_000)),
            Some(Amount(60_000_000_000_000_000_000)),
            None
        ]
    );
    assert_eq!(auction.tokens(4).await, ether(110_000_000));
    assert_eq!(auction.tokens(6).await, ether(90_000_000));
    let beneficiary = auction
        .chain
        .client
        .balance(auction.chain.address(2))
        .await
        .unwrap();
    assert_eq!(beneficiary, ether(10_000_000) + ether(200_000));
    let left = auction
        .chain
        .client
        .balance(auction.place.escrow)
        .await
        .unwrap();
    assert_eq!(left, U256::ZERO);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_root_and_a_void_one_are_differences() {
    let mut auction = Auction::with_three_bids().await;
    auction.settle().await;
    auction.act(0, RootAct::Post(B256::repeat_byte(7))).await;
    auction.follow().await;
    let posted = auction.last().clone();
    let difference = check_root(&posted, &auction.offering).unwrap_err();
    assert_eq!(difference.place, posted.place);
    assert!(difference.to_string().starts_with("E652: "), "{difference}");

    // Account 5 has more than a fifth of the money.
    auction.act(5, RootAct::Object).await;
    assert_eq!(auction.follow().await, 0);
    assert_eq!(auction.standing().await.phase, RootPhase::Void);
    let voided = auction.last().clone();
    assert!(check_root(&voided, &auction.offering).is_err());
    // Everything goes back, and the record has no entry for what it does not say.
    assert!(
        root_refunds_open(&auction.chain.client, auction.place.escrow)
            .await
            .unwrap()
    );
    let list = [4, 5, 6]
        .map(|account| auction.chain.address(account))
        .to_vec();
    auction.exit(9, Exit::RefundMany(list)).await.unwrap();
    let left = auction
        .chain
        .client
        .balance(auction.place.escrow)
        .await
        .unwrap();
    assert_eq!(left, U256::ZERO);
    // Only that of the second one is what the settlement gives back.
    assert_eq!(auction.follow().await, 1);
    let paid = [4, 5, 6].map(|account| auction.refund_paid(account).is_some());
    assert_eq!(paid, [false, true, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_before_the_settlement_is_a_difference() {
    let mut auction = Auction::with_three_bids().await;
    auction.chain.later(OPEN);
    auction.act(0, RootAct::Post(B256::repeat_byte(7))).await;
    auction.follow().await;
    assert!(check_root(auction.last(), &auction.offering).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_sale_gives_everything_back() {
    let mut auction = Auction::with_three_bids().await;
    let cancel = IssuerAct::Cancel.draft(auction.place.escrow, auction.chain.address(0));
    auction.chain.run(0, &cancel).await.unwrap();
    let list = [4, 5, 6]
        .map(|account| auction.chain.address(account))
        .to_vec();
    auction.exit(9, Exit::RefundMany(list)).await.unwrap();
    // Two entries of each bid, the cancellation, a settlement before the first refund, and three refunds.
    assert_eq!(auction.follow().await, 11);
    let settled = auction.offering.settlement().unwrap().settled;
    assert_eq!(settled.verdict, Verdict::Cancelled);
    let paid = [4, 5, 6].map(|account| {
        auction
            .refund_paid(account)
            .map(|paid| paid.0 / 1_000_000_000_000_000_000)
    });
    assert_eq!(paid, [Some(120), Some(60), Some(90)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn leaves_are_judged_as_the_contract_judges_them() {
    let mut auction = Auction::with_three_bids().await;
    let root = auction.settle().await;
    let (client, escrow) = (&auction.chain.client, auction.place.escrow);
    let SaleTerms::Root(terms) = sale_terms_at(client, escrow).await.unwrap() else {
        panic!("another escrow");
    };
    let leaves = auction.leaves();
    let mut accounts = Vec::new();
    for proved in &leaves {
        accounts.push(
            root_account(client, escrow, proved.leaf.investor)
                .await
                .unwrap(),
        );
    }
    let mut sound = LeafRules::new((*terms).clone());
    for (proved, account) in leaves.iter().zip(&accounts) {
        assert_eq!(sound.flaw_of(&proved.leaf, account), None);
        assert!(!is_closed(account));
    }
    // A unit less money back, and one token unit less than the limit gives.
    let one = U256::from(1);
    let flaw = |change: &dyn Fn(&mut ProvedLeaf)| {
        let mut changed = leaves[0].clone();
        change(&mut changed);
        LeafRules::new((*terms).clone()).flaw_of(&changed.leaf, &accounts[0])
    };
    assert_eq!(
        flaw(&|proved| proved.leaf.refunded -= one),
        Some(LeafFlaw::Sum)
    );
    assert_eq!(
        flaw(&|proved| proved.leaf.tokens -= one),
        Some(LeafFlaw::Price)
    );
    assert_eq!(
        flaw(&|proved| proved.leaf.tokens = ether(200_000_001)),
        Some(LeafFlaw::Supply)
    );
    assert_eq!(
        flaw(&|proved| proved.leaf.tokens = U256::ZERO),
        Some(LeafFlaw::Price)
    );
    let mut little = (*terms).clone();
    little.hardCap = ether(109_999);
    let capped = LeafRules::new(little).flaw_of(&leaves[0].leaf, &accounts[0]);
    assert_eq!(capped, Some(LeafFlaw::HardCap));
    // The contract says the same of the sound ones.
    auction.act(0, RootAct::Post(root)).await;
    auction.chain.later(7 * DAY);
    for (account, proved) in [4, 5, 6].into_iter().zip(leaves.clone()) {
        auction.act(account, RootAct::Claim(proved)).await;
    }
    let account = root_account(&auction.chain.client, escrow, leaves[0].leaf.investor).await;
    assert!(is_closed(&account.unwrap()));
}

/// The contract refuses what the record would refuse, so that nothing has to be compared.
#[tokio::test(flavor = "multi_thread")]
async fn a_bid_above_the_ceiling_or_without_a_limit_is_refused() {
    let auction = Auction::open().await;
    for limit in [0, 10_001] {
        let refused = auction.bid(4, 1_000, limit).await.unwrap_err();
        assert_eq!(
            refusal(refused),
            "LimitOutside { floor: 1, ceiling: 10000000000000000 }"
        );
    }
    auction.bid(4, 1_000, 10_000).await.unwrap();
    let nobody = Address::repeat_byte(9);
    let none = root_account(&auction.chain.client, auction.place.escrow, nobody)
        .await
        .unwrap();
    assert!(!is_closed(&none));
}
