/** The smallest host: sleeps so many milliseconds and ends. */
public class Idle {
    public static void main(String[] args) throws InterruptedException {
        Thread.sleep(Long.parseLong(args[0]));
    }
}
