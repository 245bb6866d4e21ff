using Retention.Domain.Metrics;

namespace Retention.Domain.Tests.Metrics;

public class SettlingTests
{
    [Fact]
    public void Where_all_events_are_old_enough_the_curve_is_the_plain_share()
    {
        var settling = Settling.Of([(0, 100, 60), (1, 100, 20), (3, 100, 20)]);
        settling.Steps.Select(step => (step.Days, step.Events, Math.Round(step.Share, 12))).ShouldBe([(0, 60, 0.6), (1, 20, 0.8), (2, 0, 0.8), (3, 20, 1.0)]);
        settling.ArrivedAfter(2).ShouldNotBeNull().ShouldBe(0.8, 1e-12);
        settling.ArrivedAfter(4).ShouldBe(1);
    }

    [Fact]
    public void Young_events_that_cannot_have_come_late_yet_do_not_make_events_look_punctual()
    {
        // Of events of old, half come at once and half after two days. Today's are all that came at once.
        var settling = Settling.Of([(0, 10, 50), (2, 10, 50), (0, 0, 1_000)]);
        settling.ArrivedAfter(0).ShouldNotBeNull().ShouldBe(0.5, 1e-12);
        settling.Steps[2].AtRisk.ShouldBe(100);
    }

    [Fact]
    public void Without_an_event_nothing_is_known()
    {
        Settling.Of([]).Steps.ShouldBeEmpty();
        Settling.Of([]).ArrivedAfter(3).ShouldBeNull();
    }
}
