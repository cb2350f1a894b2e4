//! Milestones and vesting are announced together with the escrow, and read back.

use alloy_primitives::{Address, U256};
use softcap_evm::{
    AfterSalePlace, Announcement, EscrowKind, EvmError, FactoryKind, Place, SignedAfterSale,
    announcement, bindings::vesting::Vesting, escrow_of_milestones, escrow_of_vesting, read_back,
    require_factory, terms_at,
};

use crate::fixture::{Chain, terms};

/// Three steps, and a team that waits.
pub(crate) const AFTER_SALE: [(&str, &str); 2] = [
    (
        "amount = \"100_000 HBR\"",
        "amount = \"100_000 HBR\"\nvesting = { cliff = \"90 days\", duration = \"365 days\" }",
    ),
    (
        "[[round]]",
        "[[milestone]]\nname = \"first\"\npart = \"30 %\"\n\
         [[milestone]]\nname = \"second\"\npart = \"33.33 %\"\nafter = \"30 days\"\n\
         [[milestone]]\nname = \"third\"\npart = \"36.67 %\"\nafter = \"60 days\"\n\
         [objections]\nshare = \"30 %\"\nspan = \"7 days\"\ndeadline = \"120 days\"\n[[round]]",
    ),
];

pub(crate) async fn announced(chain: &Chain) -> (Place, AfterSalePlace, Announcement) {
    let told = announcement(&terms(&AFTER_SALE), &chain.parties()).unwrap();
    let factory = chain.factory_for(FactoryKind::AfterSale).await;
    let (place, after_sale) = chain.announce_at(factory, &told).await;
    (place, after_sale, told)
}

async fn differences(
    chain: &Chain,
    place: (Place, &AfterSalePlace),
    told: &Announcement,
) -> Vec<String> {
    match read_back(&chain.client, place, told).await {
        Ok(_) => Vec::new(),
        Err(EvmError::Different { differences, .. }) => differences,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_code_and_bindings_are_read_back() {
    let chain = Chain::new();
    let (place, after_sale, told) = announced(&chain).await;
    let kind = FactoryKind::needed(&told);
    assert_eq!(kind, FactoryKind::AfterSale);
    require_factory(&chain.client, place.factory, kind)
        .await
        .unwrap();
    assert_eq!(
        differences(&chain, (place, &after_sale), &told).await,
        [""; 0]
    );
    // The escrow pays the contract that releases in steps, and the share waits in its own.
    let milestones = after_sale.milestones.unwrap();
    let there = terms_at(&chain.client, place.escrow).await.unwrap();
    assert_eq!(there.beneficiary, milestones);
    let vesting = after_sale.vestings[&0];
    let plan = chain.client.call(vesting, &Vesting::planCall {});
    assert_eq!(plan.await.unwrap().beneficiary, chain.address(3));
    for told in [
        escrow_of_milestones(&chain.client, milestones).await,
        escrow_of_vesting(&chain.client, vesting).await,
    ] {
        assert_eq!(told.unwrap(), place.escrow);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_plan_that_differs_is_named() {
    let chain = Chain::new();
    let (place, after_sale, told) = announced(&chain).await;
    let mut other = told.clone();
    let release = other.after_sale.release.as_mut().unwrap();
    release.stopShare += U256::from(1);
    other.after_sale.vestings[0].cliff -= U256::from(1);
    assert_eq!(
        differences(&chain, (place, &after_sale), &other).await,
        [
            "the milestone contract has other code",
            "the vesting contract of share 0 has other code"
        ]
    );
    // Another offering's contracts are this one's in everything but the escrow that they were told.
    let (_, of_other) = chain.announce_at(place.factory, &told).await;
    let escrow = terms_at(&chain.client, place.escrow).await.unwrap();
    let found = differences(&chain, (place, &of_other), &told).await;
    assert!(
        found.contains(&format!(
            "beneficiary is {}, announced was {}",
            escrow.beneficiary.into_word(),
            of_other.milestones.unwrap().into_word()
        )),
        "{found:?}"
    );
    let strange = |what: &str| found.iter().any(|line| line.starts_with(what));
    assert!(strange("the milestone contract belongs to"), "{found:?}");
    assert!(
        strange("the vesting contract of share 0 belongs to"),
        "{found:?}"
    );
    let none = AfterSalePlace::default();
    let found = differences(&chain, (place, &none), &told).await;
    let lacks = "0 contracts of milestones and 0 of vesting were made, announced were 1 and 1";
    assert!(found.contains(&lacks.to_owned()), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factory_of_escrows_alone_is_refused() {
    let chain = Chain::new();
    let factory = chain.factory(EscrowKind::Plain).await;
    let refused = require_factory(&chain.client, factory, FactoryKind::AfterSale).await;
    let text = refused.unwrap_err().to_string();
    assert!(
        text.contains("it makes no milestones and no vesting"),
        "{text}"
    );
    // The other one makes what the first one makes, too.
    let both = chain.factory_for(FactoryKind::AfterSale).await;
    for kind in [FactoryKind::Sale, FactoryKind::AfterSale] {
        require_factory(&chain.client, both, kind).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_is_compared_with_the_chain() {
    let chain = Chain::new();
    let (place, after_sale, told) = announced(&chain).await;
    let code_hash = read_back(&chain.client, (place, &after_sale), &told)
        .await
        .unwrap();
    let signed = SignedAfterSale::read(&chain.client, &after_sale);
    let signed = signed.await.unwrap();
    assert_eq!(signed.place(), after_sale);
    let mut addresses = softcap_evm::Addresses {
        origin: "example.org/harbour".to_owned(),
        terms_hash: told.terms.terms_hash.0,
        chain_id: 31_337,
        place,
        code_hash,
        after_sale: signed,
    };
    let found = addresses.differences(&chain.client).await.unwrap();
    assert_eq!(found, [""; 0]);
    assert_eq!(addresses.all().len(), 5);

    let (_, of_other) = chain.announce_at(place.factory, &told).await;
    let other = SignedAfterSale::read(&chain.client, &of_other);
    addresses.after_sale = other.await.unwrap();
    let found = addresses.differences(&chain.client).await.unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("the milestone contract belongs to"));
    addresses.after_sale.milestones.as_mut().unwrap().address = Address::repeat_byte(9);
    let found = addresses.differences(&chain.client).await.unwrap();
    assert!(
        found[0].starts_with("the hash of the code of the milestone contract is"),
        "{found:?}"
    );
}
