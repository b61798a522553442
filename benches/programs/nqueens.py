"""All the ways to put n queens on an n by n board, by backtracking over lists of free columns and diagonals."""

DEFAULT = 12
BENCH = 10


def place(row, size, columns, rising, falling, board):
    """Count the solutions that put a queen on each of the rows from `row` on; sum up the boards by weight."""
    if row == size:
        weight = 0
        for i in range(size):
            weight += (i + 1) * board[i]
        return 1, weight
    found = 0
    total = 0
    for column in range(size):
        up = row + column
        down = row - column + size - 1
        if columns[column] and rising[up] and falling[down]:
            columns[column] = rising[up] = falling[down] = False
            board[row] = column
            count, weight = place(row + 1, size, columns, rising, falling, board)
            found += count
            total += weight
            columns[column] = rising[up] = falling[down] = True
    return found, total


def run(n):
    """The number of solutions and the sum of their weights, found 4 times over."""
    found = total = 0
    for _ in range(4):
        columns = [True] * n
        rising = [True] * (2 * n - 1)
        falling = [True] * (2 * n - 1)
        count, weight = place(0, n, columns, rising, falling, [0] * n)
        found += count
        total += weight
    return f"{found} {total}"


if __name__ == "__main__":
    from support import main

    main("nqueens", run, DEFAULT, BENCH)
