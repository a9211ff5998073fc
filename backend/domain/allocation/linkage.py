"""Single linkage: which strategies belong together, as an order of the leaves of their tree.

Algorithm, that of scipy, so that the order is the same to the last tie:

1. Prim's minimum spanning tree from the first strategy: the order in which strategies join, and at which distance;
2. single linkage joins the nearest first, and what it joins is always a run of neighbours in Prim's order: go through
   the distances from short to long (ties in Prim's order) and join the run before with the run behind;
3. of two runs the one that was made first is on the left, a single strategy before any run.

References
----------
J. C. Gower and G. J. S. Ross, "Minimum Spanning Trees and Single Linkage Cluster Analysis", Journal of the Royal
Statistical Society C 18 (1), 1969.
"""

import numpy as np
from numpy.typing import NDArray

from backend.domain.allocation.covariance import FloatArray


def leaf_order(distances: FloatArray) -> NDArray[np.intp]:
    """Return the leaves of the single-linkage tree from left to right.

    Parameters
    ----------
    distances : array, shape (n, n)
        Symmetric.

    Returns
    -------
    array of int, shape (n,)
        As ``scipy.cluster.hierarchy.leaves_list(linkage(squareform(distances), "single"))``.
    """
    order, gaps = _spanning_tree(distances)
    width = len(order)
    leaves: dict[int, list[int]] = {leaf: [leaf] for leaf in order}  # of each run, by its label
    reach = {leaf: (place, place) for place, leaf in enumerate(order)}
    begins, ends = list(order), list(order)  # label of the run that begins, or ends, at a place
    for label, place in enumerate(np.argsort(gaps, kind="stable").tolist(), start=width):
        before, behind = ends[place], begins[place + 1]
        first, last = reach.pop(before)[0], reach.pop(behind)[1]
        left, right = (before, behind) if before < behind else (behind, before)
        leaves[label] = leaves.pop(left) + leaves.pop(right)
        reach[label] = (first, last)
        begins[first] = ends[last] = label
    (found,) = leaves.values()
    return np.array(found, dtype=np.intp)


def _spanning_tree(distances: FloatArray) -> tuple[list[int], FloatArray]:
    """Return Prim's order and, between neighbours in it, the distance at which the later one joined."""
    open_distances = distances.copy()
    width = len(open_distances)
    nearest = np.full(width, np.inf)
    gaps = np.empty(width - 1)
    order = [0]
    for place in range(width - 1):
        joined = order[-1]
        open_distances[:, joined] = np.inf
        nearest[joined] = np.inf
        np.minimum(nearest, open_distances[joined], out=nearest)
        following = int(nearest.argmin())
        gaps[place] = nearest[following]
        order.append(following)
    return order, gaps
