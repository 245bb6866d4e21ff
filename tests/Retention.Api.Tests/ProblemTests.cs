using Retention.Projections.EventLog;

namespace Retention.Api.Tests;

public sealed class ProblemTests
{
    [Fact]
    public void A_stale_expected_version_is_a_conflict_that_tells_the_current_one()
    {
        var problem = Problems.Of(new VersionConflictException("customer-1", expected: 3, actual: 5));

        (problem.Status, problem.Code, problem.CurrentVersion).ShouldBe((409, "version_conflict", 5));
        problem.Message.ShouldContain("version 5, not at 3");
    }
}
