/** The smallest host: sleeps so many milliseconds, says when it is done (the monotonic clock, ns) and ends. */
public class Idle {
    public static void main(String[] args) throws InterruptedException {
        Thread.sleep(Long.parseLong(args[0]));
        System.out.println(System.nanoTime());
    }
}
