#include "tests/support/cmocka_test.h"

#include "cli/command.h"
#include "cli/options.h"
#include "tests/support/scratch.h"

#include <getopt.h>

enum { ID_DEEP = 256 };

static const struct hc_option options[] = {
    {'o', "output", "FILE", "write to FILE"},
    {'q', "quiet", NULL, "say nothing"},
    {ID_DEEP, "deep", NULL, "a long name only"},
    {0, NULL, NULL, NULL},
};
static const struct hc_usage usage = {"dig", "PATH…", "Digs.", options, "  heapcast dig here\n"};

static struct {
    char *argv[12];
    int argc;
    int ids[12], count; /* what hc_options_next returned, the last one included */
    const char *output;
} run;

static void walk(void *context)
{
    int id;
    (void)context;
    optind = 0; /* glibc: begin anew, though getopt was used before in this process */
    run.count = 0;
    run.output = NULL;
    do {
        id = hc_options_next(&usage, run.argc, run.argv);
        run.ids[run.count++] = id;
        if (id == 'o')
            run.output = hc_option_argument();
    } while (id > 0);
}

/* Words are separated by blanks; the command's own name comes first. */
static const char *parse(int descriptor, const char *words)
{
    static char copy[256];
    snprintf(copy, sizeof copy, "dig %s", words);
    run.argc = 0;
    for (char *word = copy, *next; word != NULL; word = next) {
        next = strchr(word, ' ');
        if (next != NULL)
            *next++ = '\0';
        if (*word != '\0')
            run.argv[run.argc++] = word;
    }
    run.argv[run.argc] = NULL;
    return output_of(descriptor, walk, NULL);
}

static void options_come_one_by_one_and_operands_stay(void **state)
{
    (void)state;
    static const char *const forms[] = {"-q --output=f --deep a b", "a -qof b --deep", "--deep a --qui --out f b -q",
                                        "-o f -q --deep -- a b"};
    for (int i = 0; i < 4; i++) {
        assert_string_equal(parse(STDERR_FILENO, forms[i]), "");
        assert_int_equal(run.ids[run.count - 1], HC_OPTIONS_END);
        assert_string_equal(run.output, "f");
        assert_int_equal(run.argc - hc_options_operand(), 2);
        assert_string_equal(run.argv[hc_options_operand()], "a");
        assert_string_equal(run.argv[hc_options_operand() + 1], "b");
    }
    assert_string_equal(parse(STDERR_FILENO, "-- -q"), "");
    assert_int_equal(run.count, 1);
    assert_string_equal(run.argv[hc_options_operand()], "-q");
    assert_string_equal(parse(STDERR_FILENO, "-"), ""); /* standard input is an operand */
    assert_string_equal(run.argv[hc_options_operand()], "-");
}

static void mistakes_are_named_with_the_mend(void **state)
{
    static const struct {
        const char *words, *message;
    } cases[] = {
        {"--outptu f", "unknown option '--outptu'; did you mean '--output'?"},
        {"x --depe", "unknown option '--depe'; did you mean '--deep'?"},
        {"--hepl", "unknown option '--hepl'; did you mean '--help'?"},
        {"--something-else", "unknown option '--something-else'"},
        {"-x", "unknown option '-x'"},
        {"file -xz", "unknown option '-x'"},
        {"--deep -xq", "unknown option '-x'"},
        {"-qx", "unknown option '-x'"},
        {"--deep=5", "option '--deep' takes no argument"},
        {"--quiet=5", "option '--quiet' takes no argument"},
        {"--help=5", "option '--help' takes no argument"},
        {"file --output", "option '--output' needs an argument"},
        {"-q -o", "option '-o' needs an argument"},
    };
    char want[200];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(want, sizeof want, "heapcast dig: %s\nTry 'heapcast dig --help'.\n", cases[i].message);
        assert_string_equal(parse(STDERR_FILENO, cases[i].words), want);
        assert_int_equal(run.ids[run.count - 1], HC_OPTIONS_BAD);
        assert_int_equal(hc_options_exit(HC_OPTIONS_BAD), HC_EXIT_USAGE);
    }
}

static void help_shows_every_option(void **state)
{
    const char *const forms[] = {"--help", "-h", "-q -h", "file --help"};
    (void)state;
    for (int i = 0; i < 4; i++) {
        const char *help = parse(STDOUT_FILENO, forms[i]);
        assert_int_equal(run.ids[run.count - 1], HC_OPTIONS_HELP);
        assert_string_equal(help, "Usage: heapcast dig [OPTION]… PATH…\n\nDigs.\n\nOptions:\n"
                                  "  -o, --output FILE                  write to FILE\n"
                                  "  -q, --quiet                        say nothing\n"
                                  "      --deep                         a long name only\n"
                                  "  -h, --help                         this text\n"
                                  "\nExamples:\n  heapcast dig here\n");
    }
    assert_int_equal(hc_options_exit(HC_OPTIONS_HELP), HC_EXIT_DONE);
}

static int complained;

static void complain_about(void *context)
{
    complained = hc_complain("f.json", context);
}

static void complaints_carry_file_and_line(void **state)
{
    struct hc_error err;
    (void)state;
    hc_fail(&err, HC_EPARSE, 7, "is %s", "wrong");
    assert_string_equal(output_of(STDERR_FILENO, complain_about, &err), "heapcast: f.json:7: is wrong\n");
    assert_int_equal(complained, HC_EXIT_FAILED);
    hc_fail(&err, HC_ENODATA, 0, "is empty");
    assert_string_equal(output_of(STDERR_FILENO, complain_about, &err), "heapcast: f.json: is empty\n");
    assert_int_equal(complained, HC_EXIT_NODATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_come_one_by_one_and_operands_stay),
        cmocka_unit_test(mistakes_are_named_with_the_mend),
        cmocka_unit_test(help_shows_every_option),
        cmocka_unit_test(complaints_carry_file_and_line),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
