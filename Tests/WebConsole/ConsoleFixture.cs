using Hugesim.Cli;
using Hugesim.Model;
using Hugesim.Telemetry;
using Hugesim.Tests.Truth;
using Hugesim.Tests.WebConsole;
using Hugesim.WebConsole;
using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;
using Xunit;

[assembly: AssemblyFixture(typeof(ConsoleFixture))]

namespace Hugesim.Tests.WebConsole;

/// <summary>A console on a free port for all tests, and a browser once a test asks for it.</summary>
public sealed class ConsoleFixture : IAsyncLifetime
{
    private static readonly string[] Browsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private readonly SemaphoreSlim _starts = new(1);
    private WebApplication? _server;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>The console itself.</summary>
    public ConsoleServer Console { get; } = new(
        new CliServices(TestMachines.Factory, [.. KernelProfiles.All.Select(profile => profile.Name)])
        {
            RepairedProfiles = [.. KernelProfiles.AllRepaired.Select(profile => profile.Name)],
        },
        new SpanStore(100_000));

    /// <summary>The address of the console.</summary>
    public Uri Address { get; private set; } = new("http://localhost");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        // A slow machine is no fault of a page.
        Assertions.SetDefaultExpectTimeout(60_000);
        _server = await Console.StartAsync(0, CancellationToken.None);
        Address = new Uri(_server.Urls.First());
    }

    /// <summary>A page of its own; the test is skipped where no Chromium is installed.</summary>
    public async Task<IPage> OpenAsync(int width = 1300, int height = 900, ColorScheme scheme = ColorScheme.Light, string path = "/")
    {
        var page = await NewPageAsync(width, height, scheme, Address);
        await page.GotoAsync(path);
        await Assertions.Expect(page.Locator("#profile option").First).ToBeAttachedAsync();
        return page;
    }

    /// <summary>A page on which nothing has been opened; the test is skipped where no Chromium is installed.</summary>
    public async Task<IPage> NewPageAsync(int width, int height, ColorScheme scheme, Uri address)
    {
        var browser = Browsers.FirstOrDefault(File.Exists);
        Assert.SkipWhen(browser is null, $"no Chromium is installed: none of {string.Join(", ", Browsers)}");
        await _starts.WaitAsync();
        try
        {
            _playwright ??= await Playwright.CreateAsync();
            _browser ??= await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = browser,
                Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
            });
        }
        finally
        {
            _starts.Release();
        }

        return await _browser.NewPageAsync(new BrowserNewPageOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = scheme,
            BaseURL = address.ToString(),
        });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        _starts.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
