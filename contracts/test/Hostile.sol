// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IEscrow} from "../src/IEscrow.sol";

/// An ERC-20 that misbehaves in one way at a time.
contract HostileToken {
    enum Way {
        Honest,
        ReturnsNothing,
        TakesFee,
        GivesMore,
        MovesNothing,
        SaysFalseOnTheWayIn,
        SaysFalseOnTheWayOut,
        RefusesOnePerson,
        BurnsAllGas,
        ReturnsMuch,
        CallsBackOnTheWayIn,
        CallsBackOnTheWayOut
    }

    mapping(address => uint256) public balanceOf;
    Way public way;
    address public victim;
    bytes private callback;
    bool public calledBack;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function burnFrom(address from, uint256 amount) external {
        balanceOf[from] -= amount;
    }

    function behave(Way way_, address victim_) external {
        (way, victim) = (way_, victim_);
    }

    function callBackWith(bytes calldata data) external {
        callback = data;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        if (way == Way.SaysFalseOnTheWayIn) answer(0);
        if (way == Way.CallsBackOnTheWayIn) callBack();
        move(from, to, amount);
    }

    function transfer(address to, uint256 amount) external {
        if (way == Way.SaysFalseOnTheWayOut) answer(0);
        if (way == Way.RefusesOnePerson && to == victim) revert("refused");
        if (way == Way.BurnsAllGas && to == victim) while (true) {}
        if (way == Way.CallsBackOnTheWayOut) callBack();
        if (way == Way.ReturnsMuch && to == victim) {
            assembly {
                revert(0, 60000)
            }
        }
        move(msg.sender, to, amount);
    }

    function move(address from, address to, uint256 amount) private {
        if (way == Way.MovesNothing) answer(1);
        balanceOf[from] -= amount;
        if (way == Way.TakesFee) amount -= 1;
        if (way == Way.GivesMore) amount += 1;
        balanceOf[to] += amount;
        if (way != Way.ReturnsNothing) answer(1);
    }

    function callBack() private {
        // Once, so that the call from inside behaves.
        way = Way.Honest;
        calledBack = true;
        (bool worked,) = msg.sender.call(callback);
        if (!worked) victim = address(0xDEAD);
    }

    function answer(uint256 yes) private pure {
        assembly {
            mstore(0, yes)
            return(0, 32)
        }
    }
}

/// A wallet that misbehaves in one way when it gets coin.
contract HostileWallet {
    enum Way {
        Takes,
        Refuses,
        BurnsAllGas,
        ReturnsMuch,
        AsksAgain,
        AsksByList,
        ContributesAgain,
        CallsBack
    }

    IEscrow private immutable escrow;
    Way public way;
    bool public calledBack;
    bytes private callback;

    constructor(IEscrow escrow_) payable {
        escrow = escrow_;
    }

    function behave(Way way_) external {
        way = way_;
    }

    function contribute(IEscrow.Admission calldata admission, uint256 amount) external {
        escrow.contributeAdmitted{value: amount}(admission);
    }

    function refund() external {
        escrow.refund();
    }

    function claim() external {
        escrow.claim();
    }

    function callBackWith(bytes calldata data) external {
        (way, callback) = (Way.CallsBack, data);
    }

    receive() external payable {
        if (way == Way.Refuses) revert("refused");
        if (way == Way.BurnsAllGas) while (true) {}
        if (way == Way.ReturnsMuch) {
            assembly {
                revert(0, 60000)
            }
        }
        if (way == Way.AsksAgain) escrow.refund();
        if (way == Way.AsksByList) {
            address[] memory one = new address[](1);
            one[0] = address(this);
            escrow.refundMany(one);
        }
        if (way == Way.ContributesAgain) {
            way = Way.Takes;
            escrow.contribute{value: 1}();
        }
        if (way == Way.CallsBack) {
            way = Way.Takes;
            (bool worked,) = address(escrow).call(callback);
            calledBack = true;
            worked;
        }
    }
}

/// Sends its coin without asking.
contract Forcing {
    constructor(address payable to) payable {
        selfdestruct(to);
    }
}
