// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SaleToken} from "../src/SaleToken.sol";
import {Sale} from "./Sale.sol";

/// A token whose transfers are its own, beside an ERC-1167 clone of the same implementation.
contract TokenCloneTest is Sale {
    SaleToken private quick;
    SaleToken private plain;

    event Transfer(address indexed from, address indexed to, uint256 value);

    function setUp() public override {
        super.setUp();
        address implementation = factory.TOKEN();
        quick = SaleToken(made("TokenClone", abi.encode(implementation)));
        plain = SaleToken(Clones.clone(implementation));
        SaleToken.Share[] memory shares = new SaleToken.Share[](2);
        shares[0] = SaleToken.Share(ALICE, 1_000);
        shares[1] = SaleToken.Share(BOB, type(uint256).max - 1_000);
        quick.initialize("Harbour", "HBR", 18, shares);
        plain.initialize("Harbour", "HBR", 18, shares);
    }

    /// Says the same to the same call of anybody, and has the same balances after.
    function same(address from, bytes memory data) private {
        vm.prank(from);
        (bool done, bytes memory said) = address(quick).call(data);
        vm.prank(from);
        (bool expected, bytes memory right) = address(plain).call(data);
        holds("one succeeds where the other does", done == expected);
        equal("what they say", uint256(keccak256(said)), uint256(keccak256(right)));
        address[5] memory all = [ALICE, BOB, CAROL, address(0), address(quick)];
        for (uint256 i = 0; i < 5; ++i) {
            equal("balance", quick.balanceOf(all[i]), plain.balanceOf(all[i]));
        }
        equal("all", quick.totalSupply(), plain.totalSupply());
    }

    function transferring(address to, uint256 amount) private pure returns (bytes memory) {
        return abi.encodeWithSignature("transfer(address,uint256)", to, amount);
    }

    function testFuzz_transfers_are_those_of_the_implementation(uint256 seed) public {
        address[5] memory people = [ALICE, BOB, CAROL, address(0), address(quick)];
        for (uint256 i = 0; i < 8; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            address from = people[seed % 3];
            address to = people[(seed >> 8) % 5];
            uint256 amount = (seed >> 128) >> ((seed >> 16) % 128);
            if ((seed >> 24) % 4 == 0) amount = quick.balanceOf(from);
            if ((seed >> 24) % 4 == 1) amount = quick.balanceOf(from) / 2;
            same(from, transferring(to, amount));
        }
    }

    function testFuzz_whatever_is_asked_is_answered_as_by_the_implementation(bytes4 code, uint256 one, uint256 two) public {
        same(ALICE, abi.encodePacked(code, one, two));
        same(ALICE, abi.encodePacked(IERC20.transfer.selector, one, two));
    }

    function test_a_transfer_of_another_form_is_the_implementation_s() public {
        same(ALICE, "");
        same(ALICE, hex"a9059cbb");
        // An address with more bits than one has, an amount that is cut off, nobody, too much, and more than was asked for.
        same(ALICE, abi.encodePacked(IERC20.transfer.selector, uint256(1) << 160 | uint160(BOB), uint256(1)));
        same(ALICE, abi.encodePacked(IERC20.transfer.selector, uint256(uint160(BOB)), uint248(1)));
        same(ALICE, transferring(address(0), 1));
        same(ALICE, transferring(address(type(uint160).max), 1));
        same(ALICE, transferring(BOB, 1_001));
        same(ALICE, transferring(ALICE, 1_000));
        same(ALICE, transferring(BOB, 0));
        same(ALICE, abi.encodePacked(transferring(BOB, 7), uint256(9)));
    }

    function test_a_transfer_says_what_it_did() public {
        vm.expectEmit(address(quick));
        emit Transfer(ALICE, CAROL, 400);
        vm.prank(ALICE);
        holds("said", quick.transfer(CAROL, 400));
        equal("left", quick.balanceOf(ALICE), 600);
    }

    function test_what_is_not_a_transfer_runs_on_the_clone_s_own_storage() public {
        vm.prank(BOB);
        quick.approve(CAROL, 5);
        vm.prank(CAROL);
        holds("said", quick.transferFrom(BOB, CAROL, 5));
        equal("moved", quick.balanceOf(CAROL), 5);
        equal("the other clone", plain.balanceOf(CAROL), 0);
        vm.prank(CAROL);
        quick.burn(2);
        equal("burned", quick.totalSupply(), type(uint256).max - 2);
        equal("name", uint256(keccak256(bytes(quick.name()))), uint256(keccak256("Harbour")));
    }

    function test_no_coin_stays_in_a_token() public {
        vm.deal(ALICE, 10);
        bytes memory data = transferring(BOB, 1);
        vm.prank(ALICE);
        (bool done,) = address(quick).call{value: 1}(data);
        holds("a transfer takes none", !done);
        vm.prank(ALICE);
        (done,) = address(quick).call{value: 1}("");
        holds("nor does nothing", !done);
        equal("held", address(quick).balance, 0);
    }

    function test_nobody_makes_it_anew() public {
        vm.expectRevert(bytes4(keccak256("InvalidInitialization()")));
        quick.initialize("Other", "OTH", 0, new SaleToken.Share[](0));
    }
}
