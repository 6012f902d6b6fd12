// Drives Kafka's own ProducerStateManager with random batches and markers and writes what it answers, for producer_trace.rs:
//   java -cp "$STRAIT_KAFKA_LIBS/libs-4.3.1/*" broker/core/tests/golden/Trace.java > broker/core/tests/golden/producers-4.3.1.txt
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.ProducerAppendInfo;
import org.apache.kafka.storage.internals.log.ProducerStateManager;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;

public class Trace {
    static final int EXPIRATION_MS = 400;
    static ProducerStateManager manager;
    static long end;
    /** Epoch and next sequence of each producer, as its client sees them. */
    static Map<Long, long[]> due;

    public static void main(String[] arguments) throws Exception {
        for (int seed = 0; seed < 60; seed++) history(new Random(seed));
    }

    static void history(Random random) throws Exception {
        manager = new ProducerStateManager(new TopicPartition("t", 0), Files.createTempDirectory("trace").toFile(),
            900_000, new ProducerStateManagerConfig(EXPIRATION_MS, false), Time.SYSTEM);
        end = 0;
        due = new HashMap<>();
        System.out.println("NEW");
        for (int step = 0; step < 70; step++) {
            int kind = random.nextInt(20);
            if (kind < 14) batch(random);
            else if (kind < 18) marker(random);
            else if (kind < 19) { manager.onHighWatermarkUpdated(end); System.out.println("H"); }
            else { manager.removeExpiredProducers(end); System.out.println("X"); }
            long unstable = manager.firstUnstableOffset().map(offset -> offset.messageOffset).orElse(-1L);
            System.out.println("U " + unstable);
        }
    }

    static void batch(Random random) {
        long id = random.nextInt(3);
        long[] next = due.getOrDefault(id, new long[] {0, random.nextInt(4) == 0 ? Integer.MAX_VALUE - 3 : 0});
        short epoch = (short) Math.max(0, next[0] + (random.nextInt(8) == 0 ? random.nextInt(3) - 1 : 0));
        long skew = random.nextInt(5) == 0 ? random.nextInt(30) - 20 : 0;
        int sequence = (int) ((epoch == next[0] ? Math.max(0, next[1] + skew) : random.nextInt(6) == 0 ? 3 : 0) & Integer.MAX_VALUE);
        int count = 1 + random.nextInt(6);
        boolean transactional = random.nextBoolean();
        boolean client = random.nextInt(10) != 0;
        SimpleRecord[] records = new SimpleRecord[count];
        for (int index = 0; index < count; index++) records[index] = new SimpleRecord(end + index, new byte[0]);
        int base = sequence;
        MemoryRecords written = transactional
            ? MemoryRecords.withTransactionalRecords(end, Compression.NONE, id, epoch, base, 0, records)
            : MemoryRecords.withIdempotentRecords(end, Compression.NONE, id, epoch, base, 0, records);
        RecordBatch batch = written.batches().iterator().next();
        System.out.println("B " + id + " " + epoch + " " + base + " " + count + " " + (transactional ? 1 : 0) + " "
            + (client ? 1 : 0) + " " + append(batch, client));
    }

    static String append(RecordBatch batch, boolean client) {
        if (client) {
            var duplicate = manager.lastEntry(batch.producerId()).flatMap(entry -> entry.batchMetadata().stream()
                .filter(known -> entry.producerEpoch() == batch.producerEpoch() && known.firstSeq() == batch.baseSequence()
                    && known.lastSeq() == batch.lastSequence()).findFirst());
            if (duplicate.isPresent())
                return "DUPLICATE " + duplicate.get().firstOffset() + " " + duplicate.get().timestamp();
        }
        ProducerAppendInfo info =
            manager.prepareUpdate(batch.producerId(), client ? AppendOrigin.CLIENT : AppendOrigin.COORDINATOR);
        try {
            info.append(batch, Optional.empty());
        } catch (RuntimeException error) {
            return "ERROR " + Errors.forException(error).code();
        }
        manager.update(info);
        end = batch.nextOffset();
        if (client) due.put(batch.producerId(), new long[] {batch.producerEpoch(), (batch.lastSequence() + 1L) & Integer.MAX_VALUE});
        return "OK";
    }

    static void marker(Random random) {
        long id = random.nextInt(3);
        long[] next = due.getOrDefault(id, new long[] {0, 0});
        short epoch = (short) Math.max(0, next[0] + random.nextInt(4) / 2 - (random.nextInt(6) == 0 ? 1 : 0));
        int coordinator = random.nextInt(8) == 0 ? 2 : 3;
        short version = (short) (1 + random.nextInt(2));
        boolean abort = random.nextBoolean();
        String asked = "M " + id + " " + epoch + " " + (abort ? 1 : 0) + " " + coordinator + " " + version + " ";
        var marker = new EndTransactionMarker(abort ? ControlRecordType.ABORT : ControlRecordType.COMMIT, coordinator);
        ProducerAppendInfo info = manager.prepareUpdate(id, AppendOrigin.COORDINATOR);
        try {
            var completed = info.appendEndTxnMarker(marker, epoch, end, end, version);
            manager.update(info);
            String answer = "OK";
            if (completed.isPresent()) {
                long stable = manager.lastStableOffset(completed.get());
                manager.completeTxn(completed.get());
                answer = "ENDED " + completed.get().firstOffset() + " " + completed.get().lastOffset() + " " + stable;
            }
            end++;
            due.put(id, new long[] {epoch, epoch == next[0] ? next[1] : 0});
            System.out.println(asked + answer);
        } catch (RuntimeException error) {
            System.out.println(asked + "ERROR " + Errors.forException(error).code());
        }
    }
}
