using Retention.Projections.ReadModels;

namespace Retention.Projections.Tests;

public sealed class FoldTurnsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_a_tenant_one_folds_four_wait_in_line_and_more_are_refused_while_others_fold()
    {
        var turns = new FoldTurns(1);
        var running = await turns.TakeAsync("a", Cancellation);
        var waiting = Enumerable.Range(0, 4).Select(_ => turns.TakeAsync("a", Cancellation).AsTask()).ToList();

        await Should.ThrowAsync<TooManyFoldsException>(async () => await turns.TakeAsync("a", Cancellation));
        (await turns.TakeAsync("b", Cancellation)).Dispose();
        waiting.ShouldAllBe(task => !task.IsCompleted);

        for (var turn = running; waiting.Count > 0; waiting.Remove(waiting.First(task => task.IsCompleted)))
        {
            turn.Dispose();
            turn = await await Task.WhenAny(waiting);
            waiting.Count(task => task.IsCompleted).ShouldBe(1);
        }
    }

    [Fact]
    public async Task Who_gives_up_waiting_leaves_the_line()
    {
        var turns = new FoldTurns(1);
        using var running = await turns.TakeAsync("a", Cancellation);
        using var patience = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 4).Select(_ => turns.TakeAsync("a", patience.Token).AsTask()).ToList();
        await patience.CancelAsync();
        foreach (var task in waiting) await Should.ThrowAsync<OperationCanceledException>(() => task);

        turns.TakeAsync("a", Cancellation).AsTask().IsCompleted.ShouldBeFalse("it waits, and is not refused");
    }
}
