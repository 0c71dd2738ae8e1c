/** Arguments as name=value, for the test programs. */
final class Arguments {
    private Arguments() {
    }

    static String option(String[] args, String name, String otherwise) {
        for (String a : args) {
            if (a.startsWith(name + "=")) {
                return a.substring(name.length() + 1);
            }
        }
        return otherwise;
    }

    static long number(String[] args, String name, long otherwise) {
        return Long.parseLong(option(args, name, "" + otherwise));
    }
}
