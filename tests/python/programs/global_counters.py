"""A little program as people write it: module state, classes and functions that work together, and an invariant checked all the time."""

from support import HOT

operations = 0
errors = 0
history = []
settings = {"limit": 100, "fee": 1}


class InsufficientFunds(Exception):
    pass


class Account:
    opened = 0

    def __init__(self, owner, balance=0):
        global operations
        operations += 1
        Account.opened += 1
        self.owner = owner
        self.balance = balance
        self.log = []

    def deposit(self, amount):
        global operations
        operations += 1
        if amount <= 0:
            raise ValueError(f"cannot deposit {amount}")
        self.balance += amount
        self.log.append(amount)
        return self

    def withdraw(self, amount):
        global operations
        operations += 1
        if amount + settings["fee"] > self.balance:
            raise InsufficientFunds(f"{self.owner}: {self.balance} < {amount}")
        self.balance -= amount + settings["fee"]
        self.log.append(-amount)
        return self


class Savings(Account):
    rate = 2

    def withdraw(self, amount):
        if amount > settings["limit"]:
            raise ValueError("over the limit")
        return super().withdraw(amount)

    def add_interest(self):
        self.deposit(self.balance * self.rate / 100)


def transfer(a, b, amount):
    global errors
    try:
        a.withdraw(amount)
    except (InsufficientFunds, ValueError) as error:
        errors += 1
        history.append(str(error))
        return False
    b.deposit(amount)
    return True


def total_of(accounts):
    total = 0
    for account in accounts:
        total += account.balance
    return total


def simulate(accounts, rounds):
    seed = 12345
    done = 0
    for i in range(rounds):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        a = accounts[seed % len(accounts)]
        b = accounts[(seed >> 8) % len(accounts)]
        amount = (seed >> 16) % 150
        if amount == 0:
            continue
        before = total_of(accounts)
        if transfer(a, b, amount):
            done += 1
            assert abs(total_of(accounts) - (before - settings["fee"])) < 1e-6
        if i % 100 == 99:
            for account in accounts:
                if isinstance(account, Savings):
                    account.add_interest()
    return done


accounts = [Account("ann", 500), Savings("bob", 300), Account("cy"), Savings("dee", 1000)]
print(simulate(accounts, HOT * 4), operations, errors, len(history), Account.opened)
print([(account.owner, account.balance, len(account.log)) for account in accounts])
settings["fee"] = 0.25
Savings.rate = 1.5
print(simulate(accounts, HOT * 2), operations, errors)
print([(account.owner, account.balance) for account in accounts], history[-1])
settings.pop("fee")
try:
    simulate(accounts, 10)
except KeyError as error:
    print("KeyError", error, operations)
