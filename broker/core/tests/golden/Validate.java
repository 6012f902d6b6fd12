// Gives Kafka's own LogValidator random batches and settings and writes what it answers, for validation_trace.rs:
//   java -cp "$STRAIT_KAFKA_LIBS/libs-4.3.1/*" broker/core/tests/golden/Validate.java > broker/core/tests/golden/validations-4.3.1.txt
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.PrimitiveRef;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.LogValidator;
import org.apache.kafka.storage.internals.log.RecordValidationException;

public class Validate {
    static final long NOW = 1_700_000_000_000L;
    static final CompressionType[] CODECS = CompressionType.values();

    public static void main(String[] arguments) {
        for (int seed = 0; seed < 500; seed++) one(new Random(seed));
    }

    static void one(Random random) {
        int count = 1 + random.nextInt(4);
        SimpleRecord[] records = new SimpleRecord[count];
        for (int index = 0; index < count; index++) {
            long timestamp = switch (random.nextInt(8)) {
                case 0 -> NOW - 150;
                case 1 -> NOW + 80;
                case 2 -> -1;
                default -> NOW - 100 + random.nextInt(150);
            };
            byte[] key = random.nextInt(5) == 0 ? null : new byte[] {(byte) random.nextInt(9)};
            records[index] = new SimpleRecord(timestamp, key, random.nextInt(6) == 0 ? null : new byte[random.nextInt(20)]);
        }
        CompressionType source = CODECS[random.nextInt(5)];
        CompressionType target = random.nextInt(3) == 0 ? CODECS[random.nextInt(5)] : source;
        MemoryRecords produced = random.nextBoolean()
            ? MemoryRecords.withRecords(Compression.of(source).build(), records)
            : MemoryRecords.withTransactionalRecords(Compression.of(source).build(), 7, (short) 2, 40, records);
        ByteBuffer bytes = produced.buffer();
        switch (random.nextInt(12)) {
            case 0 -> bytes.putShort(21, (short) (bytes.getShort(21) | 8));
            case 1 -> bytes.putShort(21, (short) (bytes.getShort(21) | 32));
            case 2 -> bytes.putInt(23, bytes.getInt(23) + 1);
            case 3 -> bytes.putInt(53, -1);
            case 4 -> bytes.putLong(35, NOW + 7);
            case 5 -> bytes.putInt(57, 0);
            default -> { }
        }
        bytes.putInt(17, (int) Crc32(bytes));
        boolean compacted = random.nextInt(3) == 0;
        TimestampType type = random.nextInt(3) == 0 ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME;
        String asked = HexFormat.of().formatHex(bytes.array(), bytes.arrayOffset(), bytes.arrayOffset() + bytes.limit());
        System.out.println(asked + " " + target.name + " " + (compacted ? 1 : 0) + " "
            + (type == TimestampType.CREATE_TIME ? 0 : 1) + " " + answer(produced, source, target, compacted, type));
    }

    static long Crc32(ByteBuffer bytes) {
        java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
        crc.update(bytes.array(), bytes.arrayOffset() + 21, bytes.limit() - 21);
        return crc.getValue();
    }

    static String answer(MemoryRecords produced, CompressionType source, CompressionType target, boolean compacted, TimestampType type) {
        Time time = (Time) Proxy.newProxyInstance(Time.class.getClassLoader(), new Class<?>[] {Time.class},
            (proxy, method, given) -> method.getName().equals("milliseconds") ? NOW : 0L);
        LogValidator validator = new LogValidator(produced, new TopicPartition("t", 0), time, source,
            Compression.of(target).build(), compacted, RecordBatch.MAGIC_VALUE_V2, type, 100, 50, 0, AppendOrigin.CLIENT);
        try {
            var result = validator.validateMessagesAndAssignOffsets(PrimitiveRef.ofLong(0), new Recorder(), BufferSupplier.NO_CACHING);
            RecordBatch batch = result.validatedRecords().batches().iterator().next();
            ByteBuffer header = result.validatedRecords().buffer();
            StringBuilder text = new StringBuilder("OK " + header.getShort(21) + " " + batch.maxTimestamp() + " "
                + batch.producerId() + " " + batch.producerEpoch() + " " + batch.baseSequence());
            for (Record record : batch)
                text.append(" ").append(record.offset()).append(":").append(record.timestamp()).append(":")
                    .append(hex(record.hasKey() ? record.key() : null)).append(":").append(hex(record.hasValue() ? record.value() : null));
            return text.toString();
        } catch (RecordValidationException error) {
            return "ERROR " + Errors.forException(error.invalidException()).code() + " "
                + error.recordErrors().stream().map(one -> String.valueOf(one.batchIndex)).collect(Collectors.joining(","));
        } catch (RuntimeException error) {
            return "ERROR " + Errors.forException(error).code() + " -";
        }
    }

    static String hex(ByteBuffer bytes) {
        if (bytes == null) return "null";
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        return "x" + HexFormat.of().formatHex(copy);
    }

    static class Recorder implements LogValidator.MetricsRecorder {
        public void recordInvalidMagic() { }
        public void recordInvalidOffset() { }
        public void recordInvalidSequence() { }
        public void recordInvalidChecksums() { }
        public void recordNoKeyCompactedTopic() { }
    }
}
