namespace Retention.Api.Demo;

/// <summary>What the demo's customers write.</summary>
internal static class Words
{
    private static readonly string[] Openings = ["Hello,", "Hei!", "Hej,", "Guten Tag,", "Tere!", "Good morning,", "Hi there,"];

    private static readonly string[] Delivery =
        ["the parcel has not arrived, and tracking stands still.", "the box was open when it came.", "I got somebody else's order."];

    private static readonly string[] Product =
        ["the mug arrived with a crack.", "the grinder stopped after two days.", "the coffee tastes stale, roasted three months ago."];

    private static readonly string[] Service =
        ["nobody answered my last two messages.", "I was promised a call back that never came.", "the clerk was impatient with me."];

    private static readonly string[] Payment =
        ["I was charged twice.", "the discount code was not applied.", "the refund is still not on my account."];

    private static readonly string[] Website =
        ["checkout fails with an error on my phone.", "I cannot change my address.", "the cart forgets what I put in."];

    private static readonly string[] Closings =
        ["Please help.", "What now?", "I would like my money back.", "Thank you for a quick answer.", ""];

    private static readonly string[] Praise =
    [
        "Lovely coffee, fast delivery.", "Nopea toimitus, kiitos!", "Allt kom i tid och fint packat.",
        "Everything as described. I will be back.", "Friendly people, they solved it at once.",
        "Sehr gute Qualität.", "Väga hea teenindus.", "The gift box made my mother's day.",
    ];

    private static readonly string[] Shrugs =
        ["It was all right.", "Good products, but shipping is dear.", "Ihan ok.", "The package could be smaller.", "Helt okej."];

    private static readonly string[] Grumbles =
    [
        "I had to ask three times.", "Too slow, and nobody told me why.", "Besvikelse. Jag handlar någon annanstans nästa gång.",
        "The product broke, and the reply did not help.", "En suosittele.", "Nie wieder.", "I am still waiting for an answer.",
    ];

    public static string Complaint(Random chance, string category)
    {
        var matter = category switch
        {
            "delivery" => Delivery,
            "product" => Product,
            "service" => Service,
            "payment" => Payment,
            _ => Website,
        };
        return $"{chance.Pick(Openings)} {chance.Pick(matter)} {chance.Pick(Closings)}".TrimEnd();
    }

    public static string Comment(Random chance, bool happy, bool unhappy) => chance.Pick(happy ? Praise : unhappy ? Grumbles : Shrugs);
}
