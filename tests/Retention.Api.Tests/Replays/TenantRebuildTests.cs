using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Replays;

/// <summary>A tenant's read models are made anew and switched to, and nobody else's.</summary>
public sealed class TenantRebuildTests(ServiceFixture service)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/v1/replays", """{"rebuild":true}""")]
    [InlineData("/v1/rebuild?tenant=", "")]
    public async Task A_tenant_is_rebuilt_alone_and_keeps_its_figures(string path, string body)
    {
        var tenant = service.NewTenant("rebuilt");
        await tenant.AcceptAsync(Order("ann", "2025-01-05", 20), Order("ann", "2025-03-01", 30), Order("bob", "2025-01-06", 5));
        const string question = "/v1/metrics/revenue?grain=month&asOf=2025-12-31";
        var before = (await tenant.AskAsync(question)).Rows.Select(row => row.ToString()).ToList();

        var begun = await tenant.PostAsync(path.EndsWith('=') ? path + tenant.Name : path, body);

        begun.Status.ShouldBe(202, begun.Text);
        begun.Root.GetProperty("tenant").GetString().ShouldBe(tenant.Name);
        var rebuild = await EndedAsync(tenant);
        rebuild.Root.GetProperty("status").GetString().ShouldBe("switched", rebuild.Text);
        rebuild.Root.GetProperty("progress").GetProperty("compared").GetProperty("differences").GetInt64().ShouldBe(0, rebuild.Text);
        (await tenant.AskAsync(question)).Rows.Select(row => row.ToString()).ShouldBe(before);
        (await tenant.PostAsync("/v1/replays", """{"rebuild":true}""")).ShouldBeProblem(409, "rebuild_exists", null, $"?tenant={tenant.Name}");
        (await tenant.GetAsync("/v1/replays")).List("replays").ShouldBeEmpty("a rebuild is no replay that can be asked");
        await tenant.AcceptAsync(Order("bob", "2025-02-06", 7));
        (await tenant.AskAsync(question)).Rows.Count.ShouldBeGreaterThan(0);
        (await tenant.PostAsync($"/v1/rebuild/confirm?tenant={tenant.Name}", "")).Root.GetProperty("status").GetString().ShouldBe("confirmed");
        (await tenant.PostAsync($"/v1/rebuild/revert?tenant={tenant.Name}", "")).ShouldBeProblem(409, "not_now");
    }

    [Fact]
    public async Task Of_words_to_confirm_and_to_revert_at_once_one_is_obeyed_and_the_others_are_told_so()
    {
        var tenant = service.NewTenant("torn");
        await tenant.AcceptAsync([.. Enumerable.Range(0, 200).Select(number => Order($"c-{number}", "2025-01-05", 20))]);
        for (var round = 0; round < 3; round++)
        {
            await tenant.PostAsync($"/v1/rebuild?tenant={tenant.Name}", "");
            await EndedAsync(tenant);

            var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(number => tenant.PostAsync($"/v1/rebuild/{(number % 2 == 0 ? "revert" : "confirm")}?tenant={tenant.Name}", "")));

            answers.Select(answer => answer.Status).Order().ToArray().ShouldBe([200, 409, 409, 409, 409, 409], string.Join('\n', answers.Select(answer => answer.Text)));
        }
    }

    [Fact]
    public async Task What_is_no_rebuild_of_a_tenant_is_refused_and_said()
    {
        var tenant = service.NewTenant("unbuilt");
        await tenant.AcceptAsync(Order("ann", "2025-01-05", 20));

        (await tenant.PostAsync("/v1/replays", """{"rebuild":true,"until":5}""")).ShouldBeProblem(422, "not_allowed", "until", "rebuild");
        (await tenant.PostAsync("/v1/replays", """{"rebuild":"yes"}""")).ShouldBeProblem(422, "not_allowed", "rebuild", "true");
        (await tenant.PostAsync("/v1/rebuild?tenant=nobody-here", "")).ShouldBeProblem(404, "unknown_tenant");
        (await tenant.PostAsync("/v1/rebuild?tenant=No!", "")).ShouldBeProblem(400, "invalid_tenant", "tenant");
        (await tenant.GetAsync($"/v1/rebuild?tenant={tenant.Name}")).ShouldBeProblem(404, "no_rebuild");
    }

    private static async Task<Answer> EndedAsync(TestTenant tenant)
    {
        while (true)
        {
            var rebuild = await tenant.GetAsync($"/v1/rebuild?tenant={tenant.Name}");
            if (rebuild.Root.GetProperty("status").GetString() != "building") return rebuild;
            await Task.Delay(20, Ct);
        }
    }
}
