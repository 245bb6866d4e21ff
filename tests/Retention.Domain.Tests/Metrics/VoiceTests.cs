using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Domain.Tests.Customers;

namespace Retention.Domain.Tests.Metrics;

public class VoiceTests
{
    [Fact]
    public void The_vector_of_215_promoters_85_passives_and_75_detractors_scores_37_333()
    {
        var answers = Of(Instrument.Nps, (10, 200), (9, 15), (8, 40), (7, 45), (6, 70), (0, 5));

        (answers.Promoters, answers.Passives, answers.Detractors, answers.Responses).ShouldBe((215, 85, 75, 375));
        Math.Round(answers.Score!.Value, 3).ShouldBe(37.333);
        var interval = AdjustedWald.Of(answers.Promoters, answers.Passives, answers.Detractors)!.Value;
        (Math.Round(interval.Low, 2), Math.Round(interval.High, 2)).ShouldBe((29.01, 45.06));
    }

    [Theory]
    [InlineData(6, -100)]
    [InlineData(7, 0)]
    [InlineData(8, 0)]
    [InlineData(9, 100)]
    public void Promoters_begin_at_9_and_detractors_end_at_6(int score, double expected) => Of(Instrument.Nps, (score, 1)).Score.ShouldBe(expected);

    [Fact]
    public void Satisfaction_is_the_share_of_the_top_two_of_five()
    {
        var answers = Of(Instrument.Csat, (1, 1), (3, 2), (4, 3), (5, 4));

        (answers.Top, answers.Score, answers.Mean).ShouldBe((7, 0.7, 3.9));
    }

    [Fact]
    public void Another_scale_has_its_own_top() =>
        new Answers(Instrument.Csat, new Scale(1, 10, 3), new Dictionary<int, long> { [7] = 1, [8] = 1, [10] = 2 }).Score.ShouldBe(0.75);

    [Fact]
    public void Effort_is_the_mean_of_one_to_seven_and_agreement_begins_at_5()
    {
        var answers = Of(Instrument.Ces, (1, 1), (4, 1), (5, 1), (7, 1));

        (answers.Score, answers.Top).ShouldBe((4.25, 2));
    }

    [Fact]
    public void No_answer_is_no_score() =>
        Enum.GetValues<Instrument>().ShouldAllBe(instrument => Of(instrument).Score == null && Of(instrument).Mean == null);

    [Fact]
    public void Answers_count_on_their_local_day_whether_or_not_the_sender_has_bought()
    {
        var story = new Story().Tells("2026-01-05 22:30", new Fact.Answer(0, Instrument.Nps, 9, null, null, null))
            .Tells("2026-01-05 22:30", new Fact.Answer(0, Instrument.Nps, 9, "checkout", null, null), source: "web");
        var cells = new Cells<AnswerCell, AnswerCounts>();

        Feedback.Contribute(story.View(Definition.Default with { Calendar = Calendar.In("Europe/Helsinki")! }), cells);

        cells.ShouldHaveSingleItem().ShouldBe(new(new AnswerCell(Instrument.Nps, Story.Day("2026-01-06"), 9), new AnswerCounts(2)));
    }

    private static Answers Of(Instrument instrument, params (int Score, long Count)[] given) =>
        new(instrument, Scale.Of(instrument), given.ToDictionary(answer => answer.Score, answer => answer.Count));
}
