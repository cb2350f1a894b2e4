// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Escrow} from "../src/Escrow.sol";
import {EscrowFactory} from "../src/EscrowFactory.sol";
import {IEscrow} from "../src/IEscrow.sol";
import {SaleToken} from "../src/SaleToken.sol";
import {Vm} from "./Vm.sol";

/// A sale to test with: terms that each test changes, people, and comparisons that say what differs.
abstract contract Sale {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 internal constant OPENS = 1_800_000_000;
    uint256 internal constant CLOSES = OPENS + 30 days;
    uint256 internal constant DEADLINE = CLOSES + 60 days;
    uint256 internal constant VERIFIER_KEY = 0xA11CE;
    uint256 internal constant NO_MAXIMUM = type(uint256).max;

    address internal constant ISSUER = address(0x155);
    address internal constant BENEFICIARY = address(0xBE4E);
    address internal constant ALICE = address(0xA1);
    address internal constant BOB = address(0xB0B);
    address internal constant CAROL = address(0xCA401);

    EscrowFactory internal factory = EscrowFactory(made("EscrowFactory", ""));
    IEscrow internal escrow;
    SaleToken internal token;
    IEscrow.Terms internal t;
    EscrowFactory.Step[] internal steps;

    error Different(string what, uint256 found, uint256 expected);

    /// One of our contracts, from the code that is committed: what is deployed is what is tested, and no test compiles it.
    function made(string memory contract_, bytes memory arguments) internal returns (address) {
        return created(contract_, bytes.concat(vm.getCode(string.concat("abi/", contract_, ".json")), arguments));
    }

    function created(string memory what, bytes memory code) internal returns (address where) {
        assembly ("memory-safe") {
            where := create(0, add(code, 32), mload(code))
        }
        if (where == address(0)) revert Different(what, 0, 1);
    }

    /// 1 to 100 coins, 1,000 tokens for a coin, 100,000 for sale, with permits.
    function setUp() public virtual {
        vm.warp(OPENS - 1 days);
        t.termsHash = keccak256("terms");
        t.issuer = ISSUER;
        t.beneficiary = BENEFICIARY;
        t.verifier = vm.addr(VERIFIER_KEY);
        t.opens = OPENS;
        t.closes = CLOSES;
        t.refundDeadline = DEADLINE;
        t.softCap = 1 ether;
        t.hardCap = 100 ether;
        t.forSale = 100_000 ether;
        t.contributionMax = NO_MAXIMUM;
        t.investorMax = NO_MAXIMUM;
        t.priceNumerator = 1_000;
        t.priceDenominator = 1;
        t.pauseLongest = 3 days;
        t.pauseCount = 2;
        for (uint160 i = 1; i <= 3; ++i) {
            vm.deal([ALICE, BOB, CAROL][i - 1], 1_000 ether);
        }
    }

    function plan() internal pure returns (EscrowFactory.TokenPlan memory) {
        SaleToken.Share[] memory shares = new SaleToken.Share[](1);
        shares[0] = SaleToken.Share(address(0x7EA3), 50_000 ether);
        return EscrowFactory.TokenPlan("Harbour", "HBR", 18, shares);
    }

    /// Announces with the terms as they are, and opens the window.
    function announce() internal virtual {
        vm.prank(ISSUER);
        (address escrowAt, address tokenAt) = factory.announce(t, steps, plan());
        escrow = IEscrow(escrowAt);
        token = SaleToken(tokenAt);
        vm.warp(OPENS);
    }

    function admission(address investor, uint256 max) internal view returns (IEscrow.Admission memory) {
        bytes32 hash = escrow.permitHash(investor, max, CLOSES);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(VERIFIER_KEY, hash);
        return IEscrow.Admission(max, CLOSES, abi.encodePacked(r, s, v));
    }

    /// The first contribution, with a permit for 50 coins.
    function enter(address investor, uint256 amount) internal {
        IEscrow.Admission memory shown = admission(investor, 50 ether);
        vm.prank(investor);
        escrow.contributeAdmitted{value: amount}(shown);
    }

    function again(address investor, uint256 amount) internal {
        vm.prank(investor);
        escrow.contribute{value: amount}();
    }

    function close() internal {
        vm.warp(CLOSES);
    }

    function list(address a, address b) internal pure returns (address[] memory both) {
        both = new address[](2);
        (both[0], both[1]) = (a, b);
    }

    function equal(string memory what, uint256 found, uint256 expected) internal pure {
        if (found != expected) revert Different(what, found, expected);
    }

    function holds(string memory what, bool condition) internal pure {
        if (!condition) revert Different(what, 0, 1);
    }

    function standingOf(address investor) internal view returns (uint256) {
        return uint256(escrow.account(investor).standing);
    }
}
