"""The words that may stand in a summary: whatever is not listed here, and no name of the decision, is doubtful.

A list of what may be said is whole where a list of what may not never is: numbers are said in words of any language
("drei", "a brace"), and so are names, predictions and advice. So no word here counts, compares, denies, advises or
foretells, and none is a number under another name ("half", "pair", "score", "gross").
"""

_TO_NINETEEN = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen
"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
NUMBER_WORDS = {word: value for value, word in enumerate(_TO_NINETEEN.split())} | {
    word: 10 * tens for tens, word in enumerate(_TENS.split(), 2)
}

# With a verb that nobody orders: "Buy AAPL." at the head of a sentence is advice, whatever was decided.
ORDERS_TO_A_READER = frozenset(("buy", "sell", "enter", "exit", "close", "hold", "halt", "reset", "resume", "reduce"))

_PLAIN = """
    a accordingly account accounts act acted acting active activity added adding after against allocated allocation
    allocations allowed also amount amounts an and applied applies apply are as asked asks assigned at available
    back balance base based be became because been before began begins behaviour being below between bought breach
    breached breaker breakers broker brokers but buy buying buys by
    calm came capital cash cause caused causes cautious change changed changes changing circuit classified close
    closed closes closing comes committed condition conditions consequently consistent continue continued continues
    control controls correlated correlation cross crossed crosses crossing current currently cut cycle
    daily data day days decided decides decision decisions default defaults demoted demotes demoting demotion
    demotions denial denials denied desk detected determined did disabled dollars downgraded drawdown drop dropped
    due during
    effect enter entered entering entries entry equity error errors evaluated evaluation event events evidence
    executed execution exit exited exiting exits exposure external
    fail failed failing fails failure failures fell fill filled fills final following follows for freed from fully
    fund funds further
    gave given gives giving goes going granted group
    had halt halted halts handled has have having held help helps hence high higher hold holding holdings holds
    identified in including inside insufficient intent intents internal internally into involved is issued it its
    itself
    joined judged judgement
    keep keeping keeps kept
    left level levels limit limited limits line live low lower lowered
    made maestro maintained maintains makes making managed mark market markets mean means measured met method mode
    modes modified move moved movement moves moving multiplier
    name named new newly normal note noted notes notional now
    of on open opened operator operators or order ordered orders original out outcome overridden override overrides
    overrode own
    paper part passed path paused percent performance permitted place placed places placing plan policy poor poorly
    portfolio position positions present previous previously price priced prices promoted promotes promoting
    promotion promotions protect protected protecting protection purchase purchased purchases put
    quantity quiet
    raised ran rated rating ratio ratios reached reaches reaching real reason reasons rebalance rebalanced received
    record recorded recording records recovered recovers recovery reduce reduced reduces reducing reflecting
    reflects rejected related remain remained remaining remains report reported reports request requested requests
    required requires reset respond responded response restored restrained restricted restriction restrictions
    result resulted resulting results resume resumed risk risks routed rule rules
    safety same sell sellers selling sells send sending sends sent session set sets shadow share shares sharpe
    shift shifted shifts show showed showing shown shows side sides signal signalled signals since size sized sizes
    sizing sleeve sleeves smaller so sold stable stance stands state stated states status stay stayed staying stays
    still stood stop stopped stops strategies strategy submitted summary switched symbol symbols system systemic
    take taken takes taking target targets that the their them then there therefore these they this those threshold
    thresholds through thus tick ticks time to today together took toward towards track trade traded trades trading
    transferred triggered trip tripped trips
    unchanged undefined under unit units until update updated upgraded usd
    value values venue via virtual virtually
    warn warned warning warnings was way weak weaker weakness weight weighted weights went were when where which
    while who whose why with within working worth
"""
VOCABULARY = frozenset(_PLAIN.split())
